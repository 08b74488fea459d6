"""``ibm_resource_instance`` of IBM's Terraform provider, with its calls in the provider's order."""

from contextlib import suppress
from typing import Any
from urllib.parse import quote

from tests.keyprotect.provider_session import INSTANCES, CallFailed, Resource
from tests.world import ACCOUNT

GONE = ("removed", "pending_reclamation")


class ResultFailed(Exception):
    """A result of a call about tags is an error."""


def check_results(answer: dict[str, Any]) -> None:
    """Raises ResultFailed when a result of a call about tags is an error."""
    if any(each.get("is_error") for each in answer["results"]):
        raise ResultFailed(answer)


class ServiceInstance(Resource):
    """An instance of a service; every wait begins with a pause of ten seconds, so its first question must suffice."""

    TYPE = "ibm_resource_instance"
    DEFAULTS: dict[str, Any] = {"tags": []}

    def create(self) -> str:
        service = self.service()
        plan = self.plan_id(service, self.configuration["plan"])
        groups = self.session.platform("GET", f"/v2/resource_groups?account_id={ACCOUNT}&default=true")
        body = {
            "name": self.configuration["name"],
            "target": self.deployment(plan)["catalog_crn"],
            "resource_group": groups["resources"][0]["id"],
            "resource_plan_id": plan,
            "parameters": {},
        }
        instance = self.session.platform("POST", INSTANCES, body)
        self.id = instance["id"]
        self.wait("active", "succeeded")
        if self.configuration["tags"]:
            self.tag("attach", self.configuration["tags"])
        return self.id

    def service(self) -> dict[str, Any]:
        name = self.configuration["service"]
        rows = self.session.platform("GET", f"/api/v1/?include=%2A&q={name}")["resources"]
        [service] = [each for each in rows if each["name"] == name]
        assert service["metadata"]["service"]["rc_provisionable"] is True
        return dict(service)

    def plan_id(self, service: dict[str, Any], name: str) -> str:
        kind = "flavor" if service["kind"] == "iaas" else "plan"
        rows = self.session.platform("GET", f"/api/v1/{service['id']}/{kind}")["resources"]
        return next(str(each["id"]) for each in rows if each["name"] == name)

    def deployment(self, plan: str) -> dict[str, Any]:
        """The deployment of this plan in the configured location."""
        rows = self.session.platform("GET", f"/api/v1/{plan}/deployment?include=*")["resources"]
        places = [each["metadata"]["deployment"]["location"] for each in rows if each["metadata"]["rc_compatible"]]
        return dict(rows[places.index(self.configuration["location"])])

    def wait(self, *states: str) -> None:
        """The question that ends a wait. It looks at the operation only where that is asynchronous."""
        instance = self.session.instance(self.id)
        operation = instance["last_operation"]
        state = operation["state"] if operation["async"] else instance["state"]
        assert state in states, state

    def tag(self, action: str, names: list[str]) -> None:
        body = {"resources": [{"resource_id": self.id}], "tag_names": names}
        check_results(self.session.platform("POST", f"/v3/tags/{action}", body))

    def exists(self) -> bool:
        instance = self.session.instance(self.id)
        return instance["state"] not in GONE and instance["id"] == self.id

    def read(self) -> dict[str, Any]:
        instance = self.session.instance(self.id)
        query = {"query": f'crn:"{instance["crn"]}"', "fields": ["access_tags", "tags", "service_tags"]}
        items = self.session.platform("POST", "/v3/resources/search", query)["items"]
        service = self.session.platform("GET", f"/api/v1/{instance['resource_id']}")
        plan = self.session.platform("GET", f"/api/v1/{instance['resource_plan_id']}")
        assert (service["kind"], plan["kind"]) == ("service", "plan")
        return {
            "name": instance["name"],
            "service": service["name"],
            "plan": plan["name"],
            "location": instance["crn"].split(":")[5],
            "guid": instance["guid"],
            "tags": sorted(items[0]["tags"]) if items else [],
        }

    def update(self, changes: dict[str, Any]) -> None:
        body = {name: value for name, value in changes.items() if name == "name"}
        if "plan" in changes:
            body["resource_plan_id"] = self.plan_id(self.service(), changes["plan"])
        self.session.instance(self.id)
        if "tags" in changes:
            self.change_tags({*self.state["tags"]}, {*changes["tags"]})
        self.session.platform("PATCH", self.path, body)
        self.wait("active", "succeeded")

    def change_tags(self, old: set[str], new: set[str]) -> None:
        """What is taken off is deleted, too. A result that is an error ends the change; the provider only logs it."""
        with suppress(ResultFailed):
            if old - new:
                self.tag("detach", sorted(old - new))
                for name in sorted(old - new):
                    check_results(self.session.platform("DELETE", f"/v3/tags/{quote(name)}"))
            if new - old:
                self.tag("attach", sorted(new - old))

    def delete(self) -> None:
        """It is gone when its state says so; 404 would be taken for an instance that is still there."""
        try:
            self.session.platform("DELETE", f"{self.path}?recursive=true")
        except CallFailed as error:
            if error.status != 410:
                raise
            return
        self.wait(*GONE)

    @property
    def path(self) -> str:
        return f"{INSTANCES}/{quote(self.id, safe=':')}"

    @property
    def guid(self) -> str:
        return str(self.state["guid"])
