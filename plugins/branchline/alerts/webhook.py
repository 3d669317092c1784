"""Airflow's HttpNotifier, which takes any answer but an error for a delivery; an alert must know that it was taken."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from airflow.providers.http.notifications.http import HttpNotifier
from airflow.sdk.log import mask_secret

from branchline.errors import Reconfigure, TryLater
from branchline.warehouse import is_loopback

_SECONDS = 10


class Webhook(HttpNotifier):
    """POST of JSON to the address of an HTTP connection, whose path may be a secret."""

    def notify(self, context: Any) -> None:
        """Send it, and follow no redirect.

        Raises:
            Reconfigure: the address is of another machine and not https.
            TryLater: the answer is no 2xx, or none came.
        """
        del context
        import requests

        doing = f"Sending an alert by {self.http_conn_id}"
        self.hook.get_conn()
        url = urlsplit(self.hook.base_url)
        for secret in (url.path.strip("/"), url.query):
            if len(secret) > 4:
                mask_secret(secret)
        if url.scheme != "https" and not is_loopback(url.hostname or ""):
            raise Reconfigure(doing, f"its address is of another machine and its scheme is {url.scheme}: use https")
        try:
            answer = self.hook.run(
                json=self.json,
                headers={"Content-Type": "application/json"},
                extra_options={"timeout": _SECONDS, "allow_redirects": False, "check_response": False},
            )
        except requests.RequestException as error:
            fact = type(error).__name__  # its text quotes the address
        else:
            if 200 <= answer.status_code < 300:
                return
            fact = f"HTTP {answer.status_code}"
        raise TryLater(doing, fact)
