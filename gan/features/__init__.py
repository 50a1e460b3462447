"""What a network trained on ImageNet sees in a picture: its feature maps, by layer name."""

from gan.features.extractor import TABLES, Features, LayerTable, chosen_layers

__all__ = ["TABLES", "Features", "LayerTable", "chosen_layers"]
