"""What all pictures share."""

from __future__ import annotations

from gjax.plot.style import new_axes, new_figure


def test_notebooks_show_figures_without_a_magic_command():
    ax = new_axes(3, 2)
    ax.plot([0, 1], [0, 1])
    assert ax.figure._repr_png_().startswith(b"\x89PNG")


def test_figures_are_kept_by_nobody_but_their_owner():
    import matplotlib.pyplot as plt

    new_figure(3, 2)
    assert plt.get_fignums() == []
