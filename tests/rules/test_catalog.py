"""The catalog holds IBM's published figures, and nothing in it dangles."""

from servers import catalog
from servers.allowed_use import holds
from tests.tables import assert_none, assert_rows

X2 = {"us-south", "us-east", "ca-tor", "eu-de", "eu-es", "eu-gb", "jp-tok"}
X3 = {"us-south", "eu-de", "in-che", "in-mum"}

# IBM Cloud VPC documentation, bare metal server profiles:
# vCPU, GiB, GB of the boot disk (None without one), number and GB of the secondary disks, Gbps.
PUBLISHED: dict[str, tuple[int, int, int | None, int, int, int]] = {
    "bx2-metal-96x384": (96, 384, 960, 0, 0, 100),
    "bx2d-metal-96x384": (96, 384, 960, 8, 3200, 100),
    "bx2-metal-192x768": (192, 768, 960, 0, 0, 100),
    "bx2d-metal-192x768": (192, 768, 960, 16, 3200, 100),
    "cx2-metal-96x192": (96, 192, 960, 0, 0, 100),
    "cx2d-metal-96x192": (96, 192, 960, 8, 3200, 100),
    "mx2-metal-96x768": (96, 768, 960, 0, 0, 100),
    "mx2d-metal-96x768": (96, 768, 960, 8, 3200, 100),
    "mx2de-metal-96x768": (96, 768, 960, 8, 3200, 100),
    "mx2-metal-32x192": (32, 192, 960, 0, 0, 100),
    "mx2d-metal-32x192": (32, 192, 960, 8, 3200, 100),
    "mx2-metal-48x384": (48, 384, 960, 0, 0, 100),
    "mx2d-metal-48x384": (48, 384, 960, 8, 3200, 100),
    "mx2-metal-64x384": (64, 384, 960, 0, 0, 100),
    "mx2d-metal-64x384": (64, 384, 960, 8, 3200, 100),
    "mx2-metal-192x768": (192, 768, 960, 0, 0, 100),
    "mx2d-metal-192x768": (192, 768, 960, 16, 3200, 100),
    "vx2d-metal-96x1536": (96, 1536, 960, 8, 3200, 100),
    "bx3-metal-48x256": (48, 256, 480, 0, 0, 200),
    "bx3d-metal-48x256": (48, 256, 480, 4, 7680, 200),
    "bx3-metal-64x256": (64, 256, 480, 0, 0, 200),
    "bx3d-metal-64x256": (64, 256, 480, 4, 7680, 200),
    "bx3d-metal-192x1024": (192, 1024, 480, 8, 7680, 200),
    "cx3d-metal-48x128": (48, 128, 480, 4, 7680, 200),
    "cx3d-metal-64x128": (64, 128, 480, 4, 7680, 200),
    "mx3d-metal-16x128": (16, 128, 480, 4, 7680, 200),
    "mx3-metal-48x512": (48, 512, 480, 0, 0, 200),
    "mx3d-metal-48x512": (48, 512, 480, 4, 7680, 200),
    "mx3-metal-64x512": (64, 512, 480, 0, 0, 200),
    "mx3d-metal-64x512": (64, 512, 480, 4, 7680, 200),
    "mx3d-metal-96x1024": (96, 1024, 480, 8, 7680, 200),
    "mx3d-metal-128x1024": (128, 1024, 480, 8, 7680, 200),
    "mx3de-metal-48x512": (48, 512, 480, 16, 15360, 200),
    "mx3de-metal-64x512": (64, 512, 480, 16, 15360, 200),
    "vx3-metal-16x256": (16, 256, 480, 0, 0, 200),
    "vx3d-metal-16x256": (16, 256, 480, 4, 7680, 200),
    "ux3-metal-16x512": (16, 512, 480, 0, 0, 200),
    "ux3d-metal-16x512": (16, 512, 480, 4, 7680, 200),
    "ux3de-metal-16x512": (16, 512, 480, 16, 15360, 200),
    "gx3d-metal-224x2048x8mi300x-sn": (224, 2048, None, 8, 3200, 200),
}


def generation(name: str) -> str:
    """``bx2`` of ``bx2d-metal-96x384``."""
    return name.partition("-")[0].rstrip("de")


def test_the_catalog_has_the_published_profiles_and_no_others() -> None:
    assert list(catalog.profiles()) == list(PUBLISHED)


def test_a_profile_has_the_published_figures() -> None:
    sizes = {
        name: (
            profile.vcpu,
            profile.memory,
            profile.boot_disk_size,
            profile.secondary_disk_count,
            profile.secondary_disk_size,
            profile.default_bandwidth // 1000,
        )
        for name, profile in catalog.profiles().items()
    }
    assert_rows(sizes, PUBLISHED)


def test_a_vcpu_is_one_of_two_threads_of_a_core() -> None:
    threads = {name: each.core_count * each.threads_per_core for name, each in catalog.profiles().items()}
    assert_rows(threads, {name: figures[0] for name, figures in PUBLISHED.items()})


SECOND = ((100_000,), "sata", ("disabled", "tpm_2"))
THIRD = ((10_000, 25_000, 50_000, 100_000, 200_000), "nvme", ("tpm_2",))


def test_a_generation_has_its_bandwidths_disks_and_modules() -> None:
    features = {
        name: (each.bandwidths, each.boot_interface, each.tpm_modes) for name, each in catalog.profiles().items()
    }
    assert_rows(features, {name: SECOND if generation(name).endswith("2") else THIRD for name in PUBLISHED})


def test_a_profile_is_offered_where_its_generation_is() -> None:
    regions = {"gx3": {"us-east"}}
    expected = {name: regions.get(generation(name), X2 if generation(name).endswith("2") else X3) for name in PUBLISHED}
    assert_rows({name: set(profile.regions) for name, profile in catalog.profiles().items()}, expected)


def test_there_are_thirteen_regions_of_three_zones() -> None:
    assert len(catalog.regions()) == 13
    assert {len(region.zones) for region in catalog.regions().values()} == {3}


def test_every_stock_image_has_an_operating_system() -> None:
    names = {image.operating_system for image in catalog.stock_images().values()}
    assert_none(names - set(catalog.operating_systems()), among=names)


# What IBM's documentation and the acceptance tests of its Terraform provider make own images of.
OF_OWN_IMAGES = ["ubuntu-24-04-amd64", "ubuntu-16-04-amd64", "debian-12-amd64", "red-7-amd64", "centos-stream-10-amd64"]


def test_own_images_can_be_of_what_bare_metal_servers_do_not_run() -> None:
    systems = catalog.operating_systems()
    missing = [n for n in OF_OWN_IMAGES if n not in systems or not systems[n].allow_user_image_creation]
    assert_none(missing, among=OF_OWN_IMAGES)


def test_a_stock_image_boots_from_the_network() -> None:
    systems = catalog.operating_systems()
    formats = {name: systems[image.operating_system].user_data_format for name, image in catalog.stock_images().items()}
    assert [name for name, format_name in formats.items() if format_name == "ipxe"] == ["ibm-ipxe-20240326-amd64-1"]


def test_every_stock_image_may_be_used_by_some_server() -> None:
    images = catalog.stock_images()
    unusable = [name for name, each in images.items() if not holds(each.allowed_use, enable_secure_boot=False)]
    assert_none(unusable, among=images)


def test_some_stock_image_forbids_secure_boot() -> None:
    forbidding = [
        name for name, image in catalog.stock_images().items() if not holds(image.allowed_use, enable_secure_boot=True)
    ]
    assert forbidding == ["ibm-centos-7-9-minimal-amd64-12", "ibm-esxi-7-0u3-byol-amd64-4"]


# What IBM's documentation says bare metal servers can run: family and the beginning of its version.
FAMILIES = [
    ("CentOS", "7"),
    ("CentOS Stream", "9"),
    ("Debian GNU/Linux", "11"),
    *(("Windows Server", version) for version in ("2016", "2019", "2022", "2025")),
    *(("Red Hat Enterprise Linux", version) for version in ("8.x - ", "9.x - ", "8.x for SAP", "9.x for SAP")),
    *(("SUSE Linux Enterprise Server", version) for version in ("12", "15", "12 for SAP", "15 for SAP")),
    ("Ubuntu Linux", "20.04"),
    ("Ubuntu Linux", "22.04"),
    ("VMware ESXi", "7"),
    ("VMware ESXi", "8"),
]


def test_every_family_that_bare_metal_runs_is_there() -> None:
    systems = catalog.operating_systems().values()
    missing = [
        (family, version)
        for family, version in FAMILIES
        if not any(each.family == family and each.version.startswith(version) for each in systems)
    ]
    assert_none(missing, among=FAMILIES)


def test_operating_systems_have_different_display_names() -> None:
    names = [system.display_name for system in catalog.operating_systems().values()]
    assert len(names) == len(set(names))


def test_only_esxi_reads_kickstart_files() -> None:
    systems = catalog.operating_systems()
    is_esxi = {name: each.user_data_format == "esxi_kickstart" for name, each in systems.items()}
    assert_rows(is_esxi, {name: each.family == "VMware ESXi" for name, each in systems.items()})


def test_ubuntu_22_04_is_the_first_stock_image() -> None:
    """What a program gets that takes the first of the list."""
    assert next(iter(catalog.stock_images())).startswith("ibm-ubuntu-22-04")
