"""What a fit sees: datasets, their responses, and how they are cut and stacked."""
