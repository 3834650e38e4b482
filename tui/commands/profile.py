"""`csvpn profile`: the profiles, and where each of their secrets is. Never a secret itself."""

import argparse
from collections.abc import Sequence

import msgspec

from tui.commands.opening import Context, chosen_profile
from tui.commands.output import CommandError, Exit, confirm, print_json, print_line, tell
from tui.safety.credentials import CannotMove, Credential, Store, StoreState
from tui.safety.text import clean
from tui.session.launch import Launcher, credential_of, secret_words
from tui.session.rowcache import clear_rows
from tui.settings.model import Profile
from tui.settings.paths import cache_folder

_CHOICES = ("move-to", "forget", "forget-rows")
_NOWHERE = "nowhere: it is asked for"


class SecretPlaces(msgspec.Struct, frozen=True):
    """Where one secret of a profile is."""

    secret: str
    """What it is called: `secret key`."""
    places: tuple[StoreState, ...]


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """List, move or forget. Raises one of `output.EXPECTED`."""
    name = arguments.name or context.profile
    chosen = [f"--{each}" for each in _CHOICES if getattr(arguments, each.replace("-", "_"))]
    if len(chosen) > 1:
        raise CommandError(f"{' and '.join(chosen)} were given", "choose one of them")
    if chosen:
        if not name:
            raise CommandError(
                f"{chosen[0]} needs the name of a profile", "see csvpn profile --help"
            )
        profile = chosen_profile(context.launcher.profiles(), name)
        if arguments.forget_rows:
            return _forget_rows(context, profile)
        if arguments.forget:
            return await _forget(context, profile, yes=arguments.yes)
        return await _move(context, profile, arguments.move_to)
    return await _list(context, name)


async def _list(context: Context, name: str) -> Exit:
    launcher = context.launcher
    known = launcher.profiles()
    chosen = [chosen_profile(known, name)] if name else list(known.profiles.values())
    found = [(profile, await _secrets(launcher, profile)) for profile in chosen]
    state = await launcher.store_state()
    if context.as_json:
        documents = [_document(p, secrets, known.default) for p, secrets in found]
        print_json({"profiles": documents, "kept_in": _place(state), "reason": state.reason})
        return Exit.FINE
    if not found:
        print_line("There is no profile yet.")
    for profile, secrets in found:
        for line in _lines(profile, secrets, known.default):
            print_line(line)
    why = f" ({state.reason})" if state.reason else ""
    tell(f"A secret that is entered now is kept in: {state.name}{why}.")
    return Exit.FINE


async def _secrets(launcher: Launcher, profile: Profile) -> list[SecretPlaces]:
    signs_in = credential_of(profile)
    secrets = [SecretPlaces(secret_words(profile), await launcher.places(profile, signs_in))]
    passphrase = await launcher.places(profile, Credential.KEY_PASSPHRASE)
    if passphrase or any(way.key_file or way.router_key_file for way in profile.zones.values()):
        secrets.append(SecretPlaces("passphrase of the SSH key", passphrase))
    return secrets


def _lines(profile: Profile, secrets: Sequence[SecretPlaces], default: str) -> list[str]:
    marks = [
        "default" if profile.name == default else "",
        "production" if profile.production else "",
        "read-only" if profile.read_only else "",
    ]
    shown = "".join(f"  {mark}" for mark in marks if mark)
    who = f"API key …{profile.api_key[-4:]}" if profile.auth == "keys" else profile.username
    lines = [f"{profile.name}{shown}", f"  {clean(profile.url)}  {clean(who)}"]
    for each in secrets:
        first, *others = [clean(place.name) for place in each.places] or [_NOWHERE]
        also = f" (and {', '.join(others)}, not used)" if others else ""
        lines.append(f"  {each.secret}: {first}{also}")
    return lines


def _document(profile: Profile, secrets: Sequence[SecretPlaces], default: str) -> dict[str, object]:
    return {
        "name": profile.name,
        "default": profile.name == default,
        "url": profile.url,
        "auth": profile.auth,
        "read_only": profile.read_only,
        "production": profile.production,
        "secrets": [
            {"secret": each.secret, "places": [_place(place) for place in each.places]}
            for each in secrets
        ],
    }


def _place(state: StoreState) -> dict[str, str]:
    return {"store": str(state.store), "name": state.name}


async def _move(context: Context, profile: Profile, where: str) -> Exit:
    to = Store.KEYRING if where == "keyring" else Store.FILE
    what = secret_words(profile)
    try:
        moved = await context.launcher.move(profile, to)
    except CannotMove as error:
        raise CommandError(
            f"the {what} of {profile.name} stays where it is: {error}", code=Exit.CANNOT_TELL
        ) from error
    if moved is None:
        raise CommandError(
            f"csvpn keeps no {what} of {profile.name}",
            "open the profile in the console once and enter it there",
        )
    if context.as_json:
        print_json({"profile": profile.name, "secret": what, "kept_in": _place(moved)})
    else:
        print_line(f"The {what} of {profile.name} is kept in {moved.name}.")
    return Exit.FINE


async def _forget(context: Context, profile: Profile, *, yes: bool) -> Exit:
    question = f"Forget the secrets of {profile.name}? They cannot be had again from CloudStack."
    if not yes and not confirm(question):
        tell("Nothing was forgotten.")
        return Exit.FINDINGS
    await context.launcher.forget(profile)
    left = [place for each in await _secrets(context.launcher, profile) for place in each.places]
    if context.as_json:
        print_json({"profile": profile.name, "left": [_place(place) for place in left]})
    else:
        print_line(f"csvpn keeps no secret of {profile.name} now.")
    for place in left:
        tell(f"note: {clean(place.name)} still has one.")
    return Exit.FINE


def _forget_rows(context: Context, profile: Profile) -> Exit:
    try:
        clear_rows(cache_folder(), profile.name)
    except OSError as error:
        raise CommandError(
            f"the rows of {profile.name} cannot be deleted: {error.strerror}",
            f"delete {cache_folder() / 'rows'}",
            code=Exit.CANNOT_TELL,
        ) from error
    if context.as_json:
        print_json({"profile": profile.name, "rows_kept": False})
    else:
        print_line(f"No rows of {profile.name} are kept on disk now.")
    return Exit.FINE
