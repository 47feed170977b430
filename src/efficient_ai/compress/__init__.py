"""Making models smaller: a verb and a small frozen config for each technique."""

from efficient_ai.compress import storage
from efficient_ai.compress.calibrate import Calibrated, correct_bias, fit_ranges, observe, open_file
from efficient_ai.compress.channels import Channels, prune_channels, tied_channels
from efficient_ai.compress.cluster import Cluster, cluster, kmeans, rounded, tune_centroids
from efficient_ai.compress.convert import DynamicInt8, Float16, Float32, Int8, Int16x8, convert, ladder
from efficient_ai.compress.deep import DeepCompression, deep_compress, share
from efficient_ai.compress.distill import Distill, distill, distillation_loss, soft_targets
from efficient_ai.compress.equalize import equalize
from efficient_ai.compress.flat_ranges import QuantizedFile
from efficient_ai.compress.low_bits import LowBits, fewer_bits, packed_size_bytes, round_weights
from efficient_ai.compress.low_precision import Formats, low_precision
from efficient_ai.compress.low_rank import LowRank, factorize, paying_rank, singular_values
from efficient_ai.compress.mixed_precision import gradients, half_precision
from efficient_ai.compress.named import precision
from efficient_ai.compress.patterns import Pattern, pattern_bytes, pattern_mask, prune_pattern
from efficient_ai.compress.prune import (
    Gradual,
    Magnitude,
    fine_tune,
    magnitude_mask,
    prunable,
    prune,
    sparsities,
    sparsity,
)
from efficient_ai.compress.qat import QAT, fake_quantized
from efficient_ai.compress.qat_export import Trained, convert_trained, folded, trained_weights
from efficient_ai.compress.sensitivity import Sensitivity, allocate, prune_layers, scan
from efficient_ai.compress.sparse_training import RigL, Static, train_sparse

__all__ = [
    "QAT",
    "Calibrated",
    "Channels",
    "Cluster",
    "DeepCompression",
    "Distill",
    "DynamicInt8",
    "Float16",
    "Float32",
    "Formats",
    "Gradual",
    "Int8",
    "Int16x8",
    "LowBits",
    "LowRank",
    "Magnitude",
    "Pattern",
    "QuantizedFile",
    "RigL",
    "Sensitivity",
    "Static",
    "Trained",
    "allocate",
    "cluster",
    "convert",
    "convert_trained",
    "correct_bias",
    "deep_compress",
    "distill",
    "distillation_loss",
    "equalize",
    "factorize",
    "fake_quantized",
    "fewer_bits",
    "fine_tune",
    "fit_ranges",
    "folded",
    "gradients",
    "half_precision",
    "kmeans",
    "ladder",
    "low_precision",
    "magnitude_mask",
    "observe",
    "open_file",
    "packed_size_bytes",
    "pattern_bytes",
    "pattern_mask",
    "paying_rank",
    "precision",
    "prunable",
    "prune",
    "prune_channels",
    "prune_layers",
    "prune_pattern",
    "round_weights",
    "rounded",
    "scan",
    "share",
    "singular_values",
    "soft_targets",
    "sparsities",
    "sparsity",
    "storage",
    "tied_channels",
    "train_sparse",
    "trained_weights",
    "tune_centroids",
]
