"""Muon for the matrices of a net (convolutions flattened), AdamW for the rest."""

import torch
import torch.distributed as distributed
from torch import Tensor, nn

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
ROUNDS = 4


class Muon(torch.optim.Optimizer):
    """Momentum whose matrices are made near orthogonal by a Newton-Schulz iteration.

    After Keller Jordan, "Muon: An optimizer for hidden layers in neural networks" (2024), with the scale of the update
    matched to AdamW's after Liu et al., "Muon is Scalable for LLM Training" (2025). torch.optim.Muon takes matrices
    alone; this one flattens convolutions, too, and the processes of a group share the iterations among them.
    """

    def __init__(self, parameters: list[nn.Parameter], lr: float = 1e-3, momentum: float = 0.95, decay: float = 0.01):
        """Take matrices of two dimensions and more."""
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:
        """Take one step with the gradients that stand in the parameters."""
        for group in self.param_groups:
            parameters = group["params"]
            for parameter, update in zip(parameters, self._updates(parameters, group["momentum"]), strict=True):
                parameter.mul_(1 - group["lr"] * group["decay"])
                parameter.add_(update.view_as(parameter), alpha=-0.2 * group["lr"] * max(update.shape) ** 0.5)

    def _updates(self, parameters: list[nn.Parameter], momentum: float) -> list[Tensor]:
        """Return a near orthogonal matrix for each parameter; each process works out its share of them."""
        grouped = distributed.is_initialized()
        rank, ranks = (distributed.get_rank(), distributed.get_world_size()) if grouped else (0, 1)
        updates = []
        for place, parameter in enumerate(parameters):
            mean = self.state[parameter].setdefault("mean", torch.zeros_like(parameter))
            mean.lerp_(parameter.grad, 1 - momentum)
            matrix = parameter.grad.lerp(mean, momentum).flatten(1)
            updates.append(_orthogonal(matrix) if place % ranks == rank else torch.zeros_like(matrix))
        return updates if ranks == 1 else summed(updates)


def summed(tensors: list[Tensor]) -> list[Tensor]:
    """Return each tensor's sum over the processes of the group, by one exchange for all."""
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    distributed.all_reduce(flat)
    parts = flat.split([tensor.numel() for tensor in tensors])
    return [part.view_as(tensor) for part, tensor in zip(parts, tensors, strict=True)]


def _orthogonal(matrix: Tensor) -> Tensor:
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.T if tall else matrix
    x = x / (x.norm() + 1e-7)
    if x.is_cuda:
        x = x.bfloat16()
    a, b, c = NEWTON_SCHULZ
    for _ in range(ROUNDS):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).float()


class Optimizer:
    """Both together, as one: inner matrices by Muon, and embeddings, norms, first and last layers by AdamW."""

    def __init__(self, model: nn.Module, lr: float, *, muon: bool = True) -> None:
        """Part a model's parameters; without ``muon`` AdamW takes all."""
        named = list(model.named_parameters())
        inner = [parameter for name, parameter in named if muon and _is_inner(name, parameter)]
        known = {id(parameter) for parameter in inner}
        outer = [parameter for _, parameter in named if id(parameter) not in known]
        self.parts: list[torch.optim.Optimizer] = [torch.optim.AdamW(outer, lr=lr, betas=(0.9, 0.98), weight_decay=0.0)]
        self._rates = [lr]
        if inner:
            # The largest first, so that the processes' shares are about equal.
            self.parts.append(Muon(sorted(inner, key=nn.Parameter.numel, reverse=True), lr=2 * lr))
            self._rates.append(2 * lr)

    def step(self, share: float) -> None:
        """One step at a share of the learning rate; the gradients are gone after it."""
        for part, rate in zip(self.parts, self._rates, strict=True):
            for group in part.param_groups:
                group["lr"] = rate * share
            part.step()
            part.zero_grad()

    def state_dict(self) -> list[dict[str, object]]:
        """Return the state of both."""
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict[str, object]]) -> None:
        """Take up a state."""
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


def _is_inner(name: str, parameter: nn.Parameter) -> bool:
    matrix = parameter.ndim >= 2 and min(parameter.shape[0], parameter[0].numel()) >= 16
    return matrix and not any(part in name for part in ("embeddings", "conv_in", "conv_out", "quant_conv"))
