"""The nginx web server as an implementation under test: `nginx`, `nginx:anyip`, `nginx:proxy`, each also `,restart`."""

from fencepost.adapters.nginx.adapter import open_adapter

__all__ = ["open_adapter"]
