"""Dagster's own launcher of runs, which can also tell that the process of a run is gone.

Without that a run that died with its server (a machine switched off, `dagster dev` killed) stays
"started" for ever, and keeps all others in the queue.
"""

from dagster import DagsterRun
from dagster._core.errors import DagsterUserCodeUnreachableError
from dagster._core.launcher import CheckRunHealthResult, DefaultRunLauncher, WorkerStatus
from dagster._grpc.types import CanCancelExecutionRequest, CanCancelExecutionResult
from dagster._serdes import deserialize_value

from orchestration.warehouse import holder
from orchestration.workspace import find_root

GONE = "its process is gone"
PATIENCE = 10  # seconds for the server to answer


class Launcher(DefaultRunLauncher):
    """Launches runs where the code is, and looks after them there."""

    @property
    def supports_check_run_worker_health(self) -> bool:
        """Run monitoring asks only launchers that say so."""
        return True

    def check_run_worker_health(self, run: DagsterRun) -> CheckRunHealthResult:
        """Whether the process of a run that has started is still there.

        Its server knows. Where that does not answer, whoever holds the workspace may be the run.
        """
        client = self._get_grpc_client_for_termination(run.run_id)
        try:
            answer = client and deserialize_value(
                client.can_cancel_execution(CanCancelExecutionRequest(run_id=run.run_id), PATIENCE),
                CanCancelExecutionResult,
            )
            lives = bool(answer and answer.can_cancel)
        except DagsterUserCodeUnreachableError:
            lives = bool(holder(find_root()))
        return CheckRunHealthResult(WorkerStatus.RUNNING if lives else WorkerStatus.FAILED, GONE)
