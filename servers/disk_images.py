"""Empty disk images in the formats of image export. They have no content, because simulated servers boot nothing.

QCOW2: the QEMU project's specification, version 3. VHD: Microsoft's "Virtual Hard Disk Image Format Specification", a
dynamic disk.
"""

import struct
import uuid
from collections.abc import Callable, Mapping

GIGABYTE = 1_000_000_000
SECTOR = 512

CLUSTER_BITS = 16
CLUSTER = 1 << CLUSTER_BITS
OF_AN_L2_TABLE = CLUSTER // 8 * CLUSTER
"""Bytes of the disk that one entry of the L1 table covers."""

BLOCK = 2 * 1024 * 1024
EPOCH = 946_684_800
"""2000-01-01, the epoch of timestamps in VHD."""
NO_OFFSET = 0xFFFF_FFFF_FFFF_FFFF
UNALLOCATED = b"\xff\xff\xff\xff"


def qcow2(size: int, *, serial: uuid.UUID, created: int) -> bytes:
    """Return header, reference counts and L1 table of a disk of ``size`` bytes, without L2 tables."""
    entries = -(-size // OF_AN_L2_TABLE)
    table_clusters = max(1, -(-entries * 8 // CLUSTER))
    header = struct.pack(
        ">4sIQIIQIIQQIIQQQQII",
        b"QFI\xfb",
        3,
        0,
        0,
        CLUSTER_BITS,
        size,
        0,
        entries,
        3 * CLUSTER,
        CLUSTER,
        1,
        0,
        0,
        0,
        0,
        0,
        4,
        104,
    )
    reference_table = struct.pack(">Q", 2 * CLUSTER)
    reference_counts = struct.pack(">H", 1) * (3 + table_clusters)
    parts = (header, reference_table, reference_counts)
    return b"".join(part.ljust(CLUSTER, b"\0") for part in parts) + bytes(table_clusters * CLUSTER)


def vhd(size: int, *, serial: uuid.UUID, created: int) -> bytes:
    """Return footer, header, an empty block table, and the footer again. ``created`` is in seconds since 1970."""
    blocks = -(-size // BLOCK)
    footer = _with_sum(
        struct.pack(
            ">8sIIQI4sI4sQQHBBI",
            b"conectix",
            2,
            0x0001_0000,
            SECTOR,
            max(0, created - EPOCH),
            b"bmnt",
            0x0001_0000,
            b"Wi2k",
            size,
            size,
            *_geometry(size),
            3,
        )
        + bytes(4)
        + serial.bytes
        + bytes(428),
        at=64,
    )
    header = _with_sum(
        struct.pack(">8sQQIII", b"cxsparse", NO_OFFSET, 3 * SECTOR, 0x0001_0000, blocks, BLOCK) + bytes(988), at=36
    )
    table = UNALLOCATED * blocks
    table += b"\xff" * (-len(table) % SECTOR)
    return footer + header + table + footer


def _with_sum(structure: bytes, *, at: int) -> bytes:
    """Return the structure with its checksum: the ones' complement of the sum of its bytes."""
    total = struct.pack(">I", ~sum(structure) & 0xFFFF_FFFF)
    return structure[:at] + total + structure[at + 4 :]


def _geometry(size: int) -> tuple[int, int, int]:
    """Return cylinders, heads and sectors of a track of a large disk.

    Source: VHD specification, appendix "CHS Calculation".
    """
    sectors = min(size // SECTOR, 65_535 * 16 * 255)
    return sectors // 255 // 16, 16, 255


FORMATS: Mapping[str, Callable[..., bytes]] = {"qcow2": qcow2, "vhd": vhd}
