"""What stands in an ExecuTorch program: the list of calls that it will make, read from its FlatBuffer."""

from __future__ import annotations

from typing import Any

from efficient_ai.errors import BadModel
from efficient_ai.records import ProgramPlan

IDENTIFIER = b"ET"
# Where a field of a table stands in its list of offsets, from ExecuTorch's schema/program.fbs.
PLANS, CHAINS, OPERATORS, SIZES, INSTRUCTIONS, NAME, KIND = 6, 14, 16, 20, 8, 4, 4
DELEGATE_CALL = 2


def program_plan(content: bytes) -> ProgramPlan:
    """Read the calls of a program.

    Args:
        content: A .pte file with one method.

    Returns:
        Its calls, how many of them go to a delegate, the kernels of the others, and the memory planned for it.

    Raises:
        BadModel: If the content isn't such a file.
    """
    from flatbuffers import encode, number_types

    if content[4:6] != IDENTIFIER:
        raise BadModel("expected an ExecuTorch program (.pte), got something else")
    try:
        (plan,) = _tables(_table(content, encode.Get(number_types.UOffsetTFlags.packer_type, content, 0)), PLANS)
        kinds = [
            instruction.Get(number_types.Uint8Flags, instruction.Pos + instruction.Offset(KIND))
            for chain in _tables(plan, CHAINS)
            for instruction in _tables(chain, INSTRUCTIONS)
        ]
        kernels = [
            kernel.String(kernel.Pos + kernel.Offset(NAME)).decode().removeprefix("aten::")
            for kernel in _tables(plan, OPERATORS)
        ]
        begin = plan.Vector(plan.Offset(SIZES))
        count = plan.VectorLen(plan.Offset(SIZES))
        sizes = [plan.Get(number_types.Int64Flags, begin + 8 * place) for place in range(count)]
    except Exception as error:  # an offset that leads outside shows as any of several errors
        raise BadModel(f"the ExecuTorch program is damaged: {error}") from error
    return ProgramPlan(len(kinds), kinds.count(DELEGATE_CALL), tuple(kernels), sum(sizes))


def _table(content: bytes, place: int) -> Any:
    from flatbuffers.table import Table

    return Table(bytearray(content), place)


def _tables(table: Any, field: int) -> list[Any]:
    """The tables in a vector of a table's field; an empty field has none."""
    from flatbuffers.table import Table

    offset = table.Offset(field)
    if not offset:
        return []
    begin = table.Vector(offset)
    return [Table(table.Bytes, table.Indirect(begin + 4 * place)) for place in range(table.VectorLen(offset))]
