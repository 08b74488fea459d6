"""Log-ins to a trusted profile are found by an index."""

from django.db import connection, transaction

from tests.world import make_account, make_profile
from trustedprofiles.api.activity import activity_of, logins_to


def test_an_index_finds_the_log_ins_to_a_profile(on_postgresql: None) -> None:
    profile = make_profile(make_account())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        assert "activity_profile_logins" in logins_to(profile).explain()
    assert activity_of(logins_to(profile)) == {"authn_count": 0}
