"""Feature maps of networks trained on ImageNet, by layer name."""

from gan.features.extractor import TABLES, Features, LayerTable, chosen_layers, load_encoder

__all__ = ["TABLES", "Features", "LayerTable", "chosen_layers", "load_encoder"]
