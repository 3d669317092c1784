"""`make dictionary`: docs/dictionary.md and docs/erd.md, from a database that has every migration and nothing else."""

from pathlib import Path

from branchline.diagrams import write_diagrams
from branchline.dictionary import write_dictionary
from branchline.migrations import create_roles, upgrade
from branchline.warehouse import connect

from stack.testing import fresh_database, temporary_cluster


def documents(conninfo: str) -> dict[str, str]:
    """Write what the catalog of a migrated warehouse says.

    Args:
        conninfo: a connection of any role that may read the catalog.

    Returns:
        dict[str, str]: the documents by their names in docs/.
    """
    with connect(conninfo, name="branchline.dictionary") as connection:
        return {"dictionary.md": write_dictionary(connection), "erd.md": write_diagrams(connection)}


def write_documents(project: Path) -> list[str]:
    """Write the documents anew, from a database of their own that is gone afterwards.

    Args:
        project: the clone.

    Returns:
        list[str]: the files whose text changed.
    """
    with temporary_cluster() as cluster, fresh_database(cluster) as conninfo:
        create_roles(conninfo)
        upgrade(conninfo)
        written = documents(conninfo)
    changed = []
    for name, text in written.items():
        path = project / "docs" / name
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(f"docs/{name}")
    return changed
