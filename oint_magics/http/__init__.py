"""The network: the only folder that imports requests and urllib3."""
