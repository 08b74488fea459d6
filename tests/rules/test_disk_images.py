"""Exported images are disks in the formats that they say they are, of the size that they say."""

import shutil
import struct
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from servers.disk_images import FORMATS, GIGABYTE, qcow2, vhd

SERIAL = uuid.UUID("11111111-1111-4111-8111-111111111111")
SIZES = [GIGABYTE, 100 * GIGABYTE, 250 * GIGABYTE]


def made(render: Callable[..., bytes], size: int) -> bytes:
    return render(size, serial=SERIAL, created=1_800_000_000)


@pytest.mark.parametrize("size", SIZES)
def test_a_qcow2_file_leads_from_its_header_to_its_tables(size: int) -> None:
    content = made(qcow2, size)
    magic, version, _, _, bits, disk, _, entries, table, counts, _ = struct.unpack(">4sIQIIQIIQQI", content[:60])
    assert (magic, version, disk) == (b"QFI\xfb", 3, size)
    assert entries * ((1 << bits) // 8) * (1 << bits) >= size
    assert len(content) >= table + 8 * entries
    [first_block] = struct.unpack(">Q", content[counts : counts + 8])
    clusters = len(content) >> bits
    assert struct.unpack(f">{clusters}H", content[first_block : first_block + 2 * clusters]) == (1,) * clusters
    assert not any(content[first_block + 2 * clusters : first_block + (1 << bits)])


def sum_of(structure: bytes, at: int) -> int:
    return ~sum(structure[:at] + structure[at + 4 :]) & 0xFFFF_FFFF


@pytest.mark.parametrize("size", SIZES)
def test_a_vhd_file_has_sums_that_are_right_and_a_block_for_every_part_of_the_disk(size: int) -> None:
    content = made(vhd, size)
    footer, header = content[:512], content[512:1536]
    assert footer == content[-512:]
    assert (footer[:8], header[:8]) == (b"conectix", b"cxsparse")
    assert struct.unpack(">QQ", footer[40:56]) == (size, size)
    assert struct.unpack(">I", footer[64:68]) == (sum_of(footer, 64),)
    assert struct.unpack(">I", header[36:40]) == (sum_of(header, 36),)
    assert footer[68:84] == SERIAL.bytes
    blocks, length = struct.unpack(">II", header[28:36])
    assert blocks * length >= size
    assert set(content[1536 : 1536 + 4 * blocks]) == {0xFF}
    assert len(content) % 512 == 0


@pytest.mark.parametrize("name", FORMATS)
def test_qemu_reads_it(name: str, tmp_path: Path) -> None:
    if (qemu := shutil.which("qemu-img")) is None:
        pytest.skip("qemu-img is not installed")
    file = tmp_path / "disk"
    file.write_bytes(made(FORMATS[name], 100 * GIGABYTE))
    kind = {"vhd": "vpc"}.get(name, name)
    subprocess.run([qemu, "info", "-f", kind, file], check=True)
