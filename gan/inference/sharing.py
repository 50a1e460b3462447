"""Share a generator: write it with a model card, or upload both to the Hugging Face Hub."""

from pathlib import Path
from tempfile import TemporaryDirectory

from gan.interop import push, write_model


class Shared:
    """The methods of a translator that share its generator's file."""

    source: Path | None
    """The generator's file."""

    def save_pretrained(
        self, folder: str | Path, license: str = "unknown", *, overwrite: bool = False
    ) -> None:
        """Write this generator and a model card (data, recipe, metrics, samples) to a folder.

        license: license of the weights, as the Hugging Face Hub names it, such as cc0-1.0.
        overwrite: replace a generator that is already in the folder. A README.md is kept.

        ValueError if the translator has no file, or if the folder holds other files or a generator.
        """
        if self.source is None:
            raise ValueError(
                "this translator was not loaded from a file: load it with Translator.load"
            )
        write_model(Path(folder), [self.source], license, overwrite=overwrite)

    def push_to_hub(
        self, repository: str, license: str = "unknown", *, private: bool = False
    ) -> str:
        """Upload this generator and a model card to the Hugging Face Hub; return the URL.

        repository: user/name.
        license: as for `save_pretrained`.
        private: make the repository private if it is new.
        """
        with TemporaryDirectory() as folder:
            self.save_pretrained(folder, license)
            return push(Path(folder), repository, private=private)
