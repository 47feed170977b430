"""One style and one palette; `plot_*` functions draw records, and `Table` shows rows. Nothing here measures."""

from efficient_ai.plots.approaches import plot_convolutions, plot_pay_off
from efficient_ai.plots.architectures import (
    plot_depth,
    plot_inverted,
    plot_macs_latency,
    plot_shares,
    plot_widths,
)
from efficient_ai.plots.arrays import plot_operator_cycles, plot_predicted, plot_roofline, plot_utilisation
from efficient_ai.plots.benchmarking import plot_examples, plot_resident, plot_ways
from efficient_ai.plots.benchmarks import plot_luck, plot_rates
from efficient_ai.plots.caveats import plot_agreements, plot_class_changes, plot_rank_flips
from efficient_ai.plots.combined import plot_energy, plot_front, plot_orders
from efficient_ai.plots.compression import (
    plot_latency,
    plot_quantization_grid,
    plot_sensitivity,
    plot_study,
    plot_weights,
)
from efficient_ai.plots.data_aware import plot_hearings, plot_joint_search, plot_spotters
from efficient_ai.plots.deciding import plot_prices, plot_slower, plot_strategies
from efficient_ai.plots.distillation import plot_pairs, plot_settings, plot_temperature
from efficient_ai.plots.explorer import Explorer, explorer, plot_still
from efficient_ai.plots.few_shot import plot_adaptation, plot_glyphs, plot_learning
from efficient_ai.plots.findings import LinkedTable, plot_findings, scoreboard
from efficient_ai.plots.formats import plot_losses, plot_number_lines, plot_recipes, plot_walk
from efficient_ai.plots.interpreter import plot_memory_plan, plot_parts
from efficient_ai.plots.landscape import plot_devices, plot_fit, plot_growth, plot_zoo
from efficient_ai.plots.latency_model import (
    plot_importance,
    plot_layer_predictions,
    plot_net_predictions,
    plot_tuning,
)
from efficient_ai.plots.ledgers import LedgerPanel, plot_ledger
from efficient_ai.plots.lottery import plot_ticket_curves, plot_tickets
from efficient_ai.plots.measuring import plot_discharge, plot_held_out, plot_queue, plot_rules
from efficient_ai.plots.multitask import plot_sharing
from efficient_ai.plots.nas import plot_searches
from efficient_ai.plots.need import (
    MacPrice,
    plot_backlog,
    plot_batches,
    plot_layers_on_roof,
    plot_mac_prices,
    plot_tails,
)
from efficient_ai.plots.own_model import (
    plot_operator_costs,
    plot_own_latency,
    plot_own_quality,
    plot_variant_sizes,
)
from efficient_ai.plots.qat import plot_straight_through, plot_trained_bits
from efficient_ai.plots.quantization import plot_channel_ranges, plot_fewer_bits, plot_mending, plot_schemes
from efficient_ai.plots.search import plot_break_even, plot_engine_orders, plot_target_fronts, plot_target_ranks
from efficient_ai.plots.shootout import plot_shootout
from efficient_ai.plots.sparse_training import plot_moves, plot_training_cost
from efficient_ai.plots.storage import (
    plot_bytes,
    plot_code_lengths,
    plot_codebook,
    plot_gap_bits,
    plot_ratio,
)
from efficient_ai.plots.structured import plot_criteria, plot_gains, plot_scan
from efficient_ai.plots.style import COLORS, MARKERS, figure
from efficient_ai.plots.subjects import plot_voices
from efficient_ai.plots.table import Table, signed
from efficient_ai.plots.training import plot_exponents, plot_race, plot_scales

__all__ = [
    "COLORS",
    "MARKERS",
    "Explorer",
    "LedgerPanel",
    "LinkedTable",
    "MacPrice",
    "Table",
    "explorer",
    "figure",
    "plot_adaptation",
    "plot_agreements",
    "plot_backlog",
    "plot_batches",
    "plot_break_even",
    "plot_bytes",
    "plot_channel_ranges",
    "plot_class_changes",
    "plot_code_lengths",
    "plot_codebook",
    "plot_convolutions",
    "plot_criteria",
    "plot_depth",
    "plot_devices",
    "plot_discharge",
    "plot_energy",
    "plot_engine_orders",
    "plot_examples",
    "plot_exponents",
    "plot_fewer_bits",
    "plot_findings",
    "plot_fit",
    "plot_front",
    "plot_gains",
    "plot_gap_bits",
    "plot_glyphs",
    "plot_growth",
    "plot_hearings",
    "plot_held_out",
    "plot_importance",
    "plot_inverted",
    "plot_joint_search",
    "plot_latency",
    "plot_layer_predictions",
    "plot_layers_on_roof",
    "plot_learning",
    "plot_ledger",
    "plot_losses",
    "plot_luck",
    "plot_mac_prices",
    "plot_macs_latency",
    "plot_memory_plan",
    "plot_mending",
    "plot_moves",
    "plot_net_predictions",
    "plot_number_lines",
    "plot_operator_costs",
    "plot_operator_cycles",
    "plot_orders",
    "plot_own_latency",
    "plot_own_quality",
    "plot_pairs",
    "plot_parts",
    "plot_pay_off",
    "plot_predicted",
    "plot_prices",
    "plot_quantization_grid",
    "plot_queue",
    "plot_race",
    "plot_rank_flips",
    "plot_rates",
    "plot_ratio",
    "plot_recipes",
    "plot_resident",
    "plot_roofline",
    "plot_rules",
    "plot_scales",
    "plot_scan",
    "plot_schemes",
    "plot_searches",
    "plot_sensitivity",
    "plot_settings",
    "plot_shares",
    "plot_sharing",
    "plot_shootout",
    "plot_slower",
    "plot_spotters",
    "plot_still",
    "plot_straight_through",
    "plot_strategies",
    "plot_study",
    "plot_tails",
    "plot_target_fronts",
    "plot_target_ranks",
    "plot_temperature",
    "plot_ticket_curves",
    "plot_tickets",
    "plot_trained_bits",
    "plot_training_cost",
    "plot_tuning",
    "plot_utilisation",
    "plot_variant_sizes",
    "plot_voices",
    "plot_walk",
    "plot_ways",
    "plot_weights",
    "plot_widths",
    "plot_zoo",
    "scoreboard",
    "signed",
]
