"""Training of models that do not fit on one GPU together with their optimizer's states."""
from typing import Any, Callable, Dict, Optional

import torch
import torch.distributed.fsdp as fsdp
from mmengine._strategy import DDPStrategy
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_distributed, is_main_process
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import DTensor, distribute_tensor

from ausm_mm.errors import UserError
from ausm_mm.models.layers import repeated_layers
from ausm_mm.registry import STRATEGIES
from .checkpoint import read_checkpoint, refuse_unfitting


@STRATEGIES.register_module()
class FullyShardedStrategy(DDPStrategy):
    """Shards weights, gradients and states of the optimizer over the ranks (FSDP 2).

    Every repeated layer of the model is gathered when it runs and given back after it. In place of
    mmengine's FSDPStrategy, whose FSDP 1 is deprecated and needs a GPU. Checkpoints are those of
    one process: any number of processes, sharded or not, can go on from them.

    A head that no rank used in an iteration gets a gradient of zero, not none as in
    DistributedDataParallel: weight decay and momentum still act on it.

    Raises:
        UserError: If there is only one process, or PyTorch is too old.
    """

    def _wrap_model(self, model: nn.Module) -> nn.Module:
        if not is_distributed():
            raise UserError('strategy=FullyShardedStrategy shards over several processes; start '
                            'them by tools/dist_train.sh or tools/slurm_train.sh')
        if not hasattr(getattr(fsdp, 'FSDPModule', None), 'set_reduce_scatter_unused_params'):
            raise UserError(f'strategy=FullyShardedStrategy: PyTorch {torch.__version__} cannot '
                            'shard heads that a rank does not use; install 2.14')
        model = self.convert_model(model.to(get_device()))
        mesh = init_device_mesh(get_device(), (get_world_size(), ))
        layers = list(repeated_layers(model))
        for layer in layers:
            fsdp.fully_shard(layer, mesh=mesh)
        fsdp.fully_shard(model, mesh=mesh)
        model.set_reduce_scatter_unused_params(True)

        def gather_for_validation(*_: Any) -> None:
            # Videos differ in length, so that the ranks do not run the layers equally often.
            training = torch.is_grad_enabled()
            for layer in layers:
                layer.set_reshard_after_forward(training)
                if not training:
                    layer.unshard()

        model.register_forward_pre_hook(gather_for_validation)
        return model

    def model_state_dict(self) -> Dict[str, Tensor]:
        """Whole weights, on the CPU of the main process; the others get nothing."""
        return _gather(self.model.state_dict())

    def optim_state_dict(self) -> Dict:
        """As :meth:`model_state_dict`."""
        content = self.optim_wrapper.state_dict()
        content['state'] = {number: _gather(state) for number, state in content['state'].items()}
        return content

    def load_model_state_dict(self, state_dict: Dict[str, Tensor], **kwargs) -> None:
        own = self.model.state_dict()
        super().load_model_state_dict(
            {name: _shard_as(own[name], value) if name in own else value
             for name, value in state_dict.items()}, **kwargs)

    def load_optim_state_dict(self, state_dict: Dict) -> None:
        parameters = [p for group in self.optim_wrapper.optimizer.param_groups
                      for p in group['params']]
        state = {number: {name: _shard_as(parameters[number], value)
                          for name, value in entry.items()}
                 for number, entry in state_dict['state'].items()}
        super().load_optim_state_dict(dict(state_dict, state=state))

    def resume(self, filename: str, **kwargs) -> Dict:
        refuse_unfitting(self.model.state_dict(), read_checkpoint(filename)['state_dict'], filename)
        return super().resume(filename, **kwargs)

    def save_checkpoint(self, filename: str, *, save_optimizer: bool = True,
                        save_param_scheduler: bool = True, extra_ckpt: Optional[Dict] = None,
                        callback: Optional[Callable] = None) -> None:
        if is_main_process():
            super().save_checkpoint(
                filename, save_optimizer=save_optimizer,
                save_param_scheduler=save_param_scheduler, extra_ckpt=extra_ckpt, callback=callback)
            return
        self.model_state_dict()  # the main process gathers from all
        if save_optimizer:
            self.optim_state_dict()


def _gather(content: Dict[str, Any]) -> Dict[str, Any]:
    """Whole tensors on the CPU of the main process, one after the other; {} elsewhere."""
    gathered = {}
    for name, value in content.items():
        if isinstance(value, DTensor):
            value = value.full_tensor()
        if is_main_process():
            gathered[name] = value.cpu() if isinstance(value, Tensor) else value
    return gathered


def _shard_as(owner: Tensor, value: Any) -> Any:
    """This rank's share of a whole tensor, if its owner is sharded and of its shape."""
    if not isinstance(owner, DTensor) or getattr(value, 'shape', None) != owner.shape:
        return value
    return distribute_tensor(value.to(owner.device), owner.device_mesh, owner.placements)
