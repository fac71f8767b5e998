"""What proves that a webhook is ours."""

import base64

import pytest

from daemon.signature import InvalidSecret, key_of, signed


def test_the_example_of_the_specification_comes_out() -> None:
    """From the documentation of Standard Webhooks' reference implementation (Svix)."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signed(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_another_secret_is_taken_as_it_is() -> None:
    assert key_of("correct horse battery") == b"correct horse battery"
    assert key_of("whsec_" + base64.b64encode(b"correct horse battery").decode()) == b"correct horse battery"


@pytest.mark.parametrize("secret", ["", "short", "whsec_", "whsec_c2hvcnQ=", "whsec_***", "whsec_é"])
def test_a_secret_that_proves_nothing_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(InvalidSecret) as refused:
        key_of(secret)
    assert "short" not in str(refused.value)
