"""The models of an analysis by name.

What a fit does with their parameters is in `gjax.parameters`, not here.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, final

import equinox as eqx

from gjax.errors import UnknownNameError
from gjax.model.background import FoVBackground
from gjax.model.response_modifier import ResponseModifier
from gjax.model.sky import SkyModel
from gjax.model.template_npred import TemplateNPred

__all__ = ["Model", "Models"]

#: What may stand in `Models`.
Model: TypeAlias = SkyModel | FoVBackground | TemplateNPred | ResponseModifier


@final
class Models(eqx.Module):
    """An ordered, immutable mapping from name to model.

    Parameters
    ----------
    names :
        One name for each model, all different; any text, dots and spaces included.
    members :
        The models.

    Raises
    ------
    ValueError
        If names and models do not pair up, a name appears twice, or a dataset has two background
        models.

    Examples
    --------
    >>> from gjax.model.spectral import PowerLaw
    >>> models = Models.create({"crab": SkyModel(PowerLaw(index=2.6))})
    >>> models.names
    ('crab',)
    >>> float(models["crab"].spectral.index)
    2.6
    """

    names: tuple[str, ...] = eqx.field(static=True, converter=tuple)
    members: tuple[Model, ...] = eqx.field(converter=tuple)

    def __check_init__(self) -> None:
        if len(self.names) != len(self.members):
            raise ValueError(f"{len(self.names)} names for {len(self.members)} models")
        if twice := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise ValueError(f"names of models must be unique; more than once: {', '.join(twice)}")
        datasets = [m.dataset for m in self.members if isinstance(m, FoVBackground)]
        if twice := sorted({name for name in datasets if datasets.count(name) > 1}):
            raise ValueError(f"more than one background model for dataset {', '.join(twice)}")

    @classmethod
    def create(
        cls,
        models: Models
        | Mapping[str, Model]
        | Iterable[tuple[str, Model] | FoVBackground | ResponseModifier],
    ) -> Models:
        """Build from a mapping or from pairs of name and model.

        A background model or a response modifier may stand without a name: it gets that of its
        dataset with ``-bkg`` or ``-response`` behind.
        """
        if isinstance(models, Models):
            return models
        entries = models.items() if isinstance(models, Mapping) else models
        names, members = [], []
        for entry in entries:
            is_bare = isinstance(entry, (FoVBackground, ResponseModifier))
            name, model = (entry.default_name, entry) if is_bare else entry
            names.append(name)
            members.append(model)
        return cls(tuple(names), tuple(members))

    def items(self) -> tuple[tuple[str, Model], ...]:
        """Pair each name with its model, in order."""
        return tuple(zip(self.names, self.members, strict=True))

    def replace(self, name: str, model: Model) -> Models:
        """Put another model in the place of the one of this name."""
        place = self._find(name)
        return Models(self.names, (*self.members[:place], model, *self.members[place + 1 :]))

    def append(self, name: str, model: Model) -> Models:
        """Add a model at the end."""
        return Models((*self.names, name), (*self.members, model))

    def for_dataset(self, dataset: str) -> Models:
        """Keep the models that apply to the dataset of this name."""
        return Models.create([(n, m) for n, m in self.items() if m.applies_to(dataset)])

    def _find(self, name: str) -> int:
        if name in self.names:
            return self.names.index(name)
        near = difflib.get_close_matches(name, self.names, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        known = ", ".join(self.names) or "none"
        raise UnknownNameError(f"no model named {name!r}; {hint}There are: {known}")

    def __getitem__(self, name: str) -> Model:
        return self.members[self._find(name)]

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)
