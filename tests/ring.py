"""A keyring for tests: it keeps what it is given, or does not."""

import keyring.backend
import keyring.errors


class Ring(keyring.backend.KeyringBackend):
    priority = 1

    def __init__(self):
        super().__init__()
        self.kept = {}
        self.forgets = False

    def get_password(self, service, username):
        return None if self.forgets else self.kept.get((service, username))

    def set_password(self, service, username, password):
        self.kept[service, username] = password

    def delete_password(self, service, username):
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("MARK")
        del self.kept[service, username]
