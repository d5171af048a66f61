"""How hypothesis plays where an example takes many requests: always the same examples, as long as each may take, kept nowhere."""

from hypothesis import HealthCheck, Phase, settings

OF_REQUESTS = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
