"""Which rows a caller is shown: `listall`, `account`, `domainid`, `projectid`, paging.

Order of the checks and texts: recordings 03 and 08, AccountManagerImpl.buildACLSearchParameters.
"""

from collections.abc import Callable

from tui.lab.cloud import entities as e
from tui.lab.cloud.call import Call
from tui.lab.cloud.errors import Refusal, denied, invalid, malformed

PAGE_SIZE = 500
"""`default.page.size`, also the largest page that may be asked for."""


def owner_asked_for(call: Call) -> str:
    """The account that a command acts for: `account`+`domainid`, `projectid`, or the caller's."""
    world = call.cloud.world
    if call.given("account"):
        if call.given("projectid"):
            raise invalid("Account and projectId can't be specified together")
        if not call.given("domainid"):
            raise invalid("Account must be specified with domainId parameter")
        domain = call.thing("domainid", e.Domain)
        name = call.text("account")
        account = world.account_named(name, domain.id) if domain else None
        if account is None:
            raise invalid(f"Unable to find account by name {name} in domain with specified id")
        call.must_own(account.id)
        return account.id
    if call.given("projectid"):
        project = call.thing("projectid", e.Project)
        if project is None:
            raise invalid("Unable to find project by id")
        call.must_own(project.account)
        return project.account
    return call.caller.account.id


def visible(call: Call) -> Callable[[str], bool]:
    """A test for the account of a row. Projects are shown only when `projectid` asks for them."""
    world, caller = call.cloud.world, call.caller.account
    everything = call.boolean("listall")
    if call.text("projectid") == "-1":

        def with_projects(account: str) -> bool:
            project = bool(account) and world.accounts[account].level == "project"
            if not (project or everything):
                return False
            return world.may_use(caller, account)

        return with_projects
    if call.given("projectid") or call.given("account"):
        if call.given("account") and call.given("domainid"):
            domain = call.thing("domainid", e.Domain)
            if domain and world.account_named(call.text("account"), domain.id) is None:
                raise invalid(
                    f"could not find account {call.text('account')} in domain {domain.name}"
                )
        owner = owner_asked_for(call)
        return lambda account: account == owner
    if call.given("domainid"):
        domain = call.thing("domainid", e.Domain)
        if domain is None or (caller.level == "user" and domain.id != caller.domain):
            raise denied()
        if caller.level == "domain-admin" and not world.below(caller, domain.id):
            raise denied()
        deep = call.boolean("isrecursive", everything)

        def in_domain(account: str) -> bool:
            if not account or world.accounts[account].level == "project":
                return False
            path = world.domains[world.accounts[account].domain].path
            inside = path == domain.path or (deep and path.startswith(domain.path + "/"))
            return inside and world.may_use(caller, account)

        return in_domain
    # An id widens the search to all that an administrator may see, as `listall` does.
    wide = everything or (call.given("id") and caller.level != "user")

    def usual(account: str) -> bool:
        if not account or world.accounts[account].level == "project":
            return call.given("id") and bool(account) and world.may_use(caller, account)
        return account == caller.id or (wide and world.may_use(caller, account))

    return usual


def page_of(call: Call) -> tuple[int, int | None]:
    """First row and number of rows (None: all). Raises as recording 03 does."""
    size, page = call.integer("pagesize"), call.integer("page")
    if size == -1:
        if page is not None:
            raise invalid("Can't specify page parameter when pagesize is -1 (Unlimited)")
        return 0, None
    if page is None and size is None:
        return 0, PAGE_SIZE
    if size is None:
        raise malformed('"pagesize" parameter is required when "page" is specified')
    if size > PAGE_SIZE:
        raise invalid(f"Page size can't exceed max allowed page size value: {PAGE_SIZE}")
    if page is None:
        raise malformed('"page" parameter is required when "pagesize" is specified')
    if size < 0 or page < 0:
        raise Refusal(431, "Page and page size must not be negative", 4350)
    return max(page - 1, 0) * size, size
