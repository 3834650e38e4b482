"""`csvpn why`: why clients cannot connect, from a live router or from a saved bundle."""

import argparse
import ipaddress
from pathlib import Path

import msgspec

from tui.commands.opening import Context
from tui.commands.output import CommandError, Exit, print_json, tell
from tui.commands.why_words import exit_of, print_verdicts, verdict_document
from tui.diagnose.bundle import Bundle
from tui.diagnose.symptoms import symptom_of
from tui.diagnose.verdicts import Verdict
from tui.diagnose.why import why
from tui.router.survey import Survey


async def run_command(context: Context, arguments: argparse.Namespace) -> Exit:
    """Print the verdicts. Raises one of `output.EXPECTED`."""
    client = _address(arguments.client)
    if arguments.says and symptom_of(arguments.says) is None:
        tell(
            f"--says {arguments.says!r} is not known; the numbers and sentences that are stand in "
            "docs/why.md. Going on without it."
        )
    if arguments.bundle:
        _refuse_live(arguments)
        bundles = [("", bundle_of(Path(arguments.bundle)))]
    else:
        from tui.commands.why_live import bundles_of  # loads the SSH client

        bundles = await bundles_of(context, arguments, client)
    found = [
        (router, verdict)
        for router, bundle in bundles
        for verdict in why(bundle, user=arguments.user, client=client, symptom=arguments.says)
    ]
    told = _about(found, arguments.user, client)
    verdicts = tuple(verdict for _, verdict in told)
    if context.as_json:
        print_json({"verdicts": [verdict_document(verdict, router) for router, verdict in told]})
    else:
        print_verdicts(told)
    return exit_of(verdicts)


def _about(found: list[tuple[str, Verdict]], user: str, client: str) -> list[tuple[str, Verdict]]:
    """Of several routers only those where the user or the address was seen, if it was anywhere."""
    seen = [
        each
        for each in found
        if (user and (each[1].user or "").lower() == user.lower() and each[1].client)
        or (client and each[1].client == client and each[1].rung)
    ]
    return seen if seen and len({router for router, _ in found}) > 1 else found


def _refuse_live(arguments: argparse.Namespace) -> None:
    for option, given in (("--capture", arguments.capture), ("--save", arguments.save)):
        if given:
            raise CommandError(
                f"{option} and --bundle exclude each other",
                "--bundle reads what was saved and asks no router",
            )


def _address(text: str) -> str:
    if not text:
        return ""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise CommandError(
            f"--client {text!r} is not an IP address", "give the public address, like 203.0.113.77"
        ) from error


def bundle_of(folder: Path) -> Bundle:
    """The bundle in `folder`, its answers with the names of their files. Raises `CommandError`."""
    from tui.diagnose.bundle_folder import NoBundle, read_bundle

    try:
        bundle = read_bundle(folder)
    except NoBundle as error:
        raise CommandError(error.what, error.remedy) from error
    survey = Survey(
        bundle.survey.router,
        {
            name: answer if answer.file else msgspec.structs.replace(answer, file=f"{name}.json")
            for name, answer in bundle.survey.answers.items()
        },
        bundle.survey.failures,
    )
    return msgspec.structs.replace(bundle, survey=survey)
