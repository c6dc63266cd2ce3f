"""fsspec's own suite for file systems, on the real server.

The sources are made once, and each test gets a target folder of its own. What takes
long (each removal is one call of the server) is marked ``long`` and run by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from uuid import uuid4

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.tests import abstract

from hypha_artifact.fsspec import HyphaFileSystem
from hypha_artifact.localserver import LocalServer
from tests.contract.hypha_fs import make_artifact, options

Join = Callable[..., str]


def join(*parts: str) -> str:
    return "/".join(parts)


@pytest.fixture(scope="module")
def hypha(server: LocalServer) -> Generator[HyphaFileSystem]:
    fs = HyphaFileSystem(**options(server), stage="new_version")
    yield fs
    fs.close()


@pytest.fixture(scope="module")
def sources(
    hypha: HyphaFileSystem,
    server: LocalServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """An artifact with all of the suite's source folders."""
    make, disk = abstract.BaseAbstractFixtures(), LocalFileSystem(auto_mkdir=True)
    local = str(tmp_path_factory.mktemp("sources"))
    make._bulk_operations_scenario_0(disk, join, f"{local}/bulk")
    make._glob_edge_cases_files(disk, join, f"{local}/glob")
    make._dir_and_file_with_same_name_prefix(disk, join, f"{local}/same")
    make._10_files_with_hashed_names(disk, join, f"{local}/hashed")
    artifact = make_artifact(server)
    hypha.put(f"{local}/", artifact, recursive=True)
    return artifact


def long(suite: type, *names: str) -> None:
    for name in names:
        pytest.mark.long(getattr(suite, name))


long(
    abstract.AbstractCopyTests,
    "test_copy_file_to_existing_directory",
    "test_copy_directory_to_existing_directory",
    "test_copy_directory_to_new_directory",
    "test_copy_glob_to_existing_directory",
    "test_copy_glob_to_new_directory",
    "test_copy_glob_edge_cases",
    "test_copy_list_of_files_to_existing_directory",
    "test_copy_list_of_files_to_new_directory",
)
long(
    abstract.AbstractGetTests,
    "test_get_glob_to_existing_directory",
    "test_get_glob_to_new_directory",
    "test_get_glob_edge_cases",
)
long(
    abstract.AbstractPutTests,
    "test_put_file_to_existing_directory",
    "test_put_directory_recursive",
    "test_put_directory_to_existing_directory",
    "test_put_directory_to_new_directory",
    "test_put_glob_to_existing_directory",
    "test_put_glob_to_new_directory",
    "test_put_glob_edge_cases",
    "test_put_list_of_files_to_existing_directory",
    "test_put_list_of_files_to_new_directory",
)


class Fixtures(abstract.AbstractFixtures):
    @pytest.fixture
    def fs(self, hypha: HyphaFileSystem) -> HyphaFileSystem:
        return hypha

    @pytest.fixture
    def fs_join(self) -> Join:
        return join

    @pytest.fixture
    def fs_path(self, sources: str) -> str:
        return f"{sources}/{uuid4().hex[:8]}"

    @pytest.fixture
    def supports_empty_directories(self, request: pytest.FixtureRequest) -> bool:
        """Tell whether a folder stays when its last file goes.

        It does if ``mkdir`` made it; these tests only copy files into it.
        """
        return "same_name_prefix" not in request.node.name

    @pytest.fixture
    def fs_target(self, sources: str) -> str:
        return f"{sources}/{uuid4().hex[:8]}"

    @pytest.fixture
    def fs_bulk_operations_scenario_0(self, sources: str) -> str:
        return f"{sources}/bulk/source"

    @pytest.fixture
    def fs_glob_edge_cases_files(self, sources: str) -> str:
        return f"{sources}/glob/source"

    @pytest.fixture
    def fs_dir_and_file_with_same_name_prefix(self, sources: str) -> str:
        return f"{sources}/same/source"

    @pytest.fixture
    def fs_10_files_with_hashed_names(self, sources: str) -> str:
        return f"{sources}/hashed/source"


class TestCopy(abstract.AbstractCopyTests, Fixtures):
    pass


class TestGet(abstract.AbstractGetTests, Fixtures):
    pass


class TestPut(abstract.AbstractPutTests, Fixtures):
    pass


class TestOpen(abstract.AbstractOpenTests, Fixtures):
    pass


class TestPipe(abstract.AbstractPipeTests, Fixtures):
    pass
