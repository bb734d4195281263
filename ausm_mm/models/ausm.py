"""AUSM: the composition only; reads like the paper's two algorithms."""
from dataclasses import replace
from typing import Dict, Iterator, List, Optional, Sequence, Tuple, Union

import torch
from mmdet.utils import reduce_mean
from mmengine.model import BaseModel
from torch import Tensor, nn

from ausm_mm.errors import UserError
from ausm_mm.registry import MODELS, TASK_UTILS
from ausm_mm.structures import ClipDataSample, FrameFeatures, StreamState, Track
from .heads import RowPrediction
from .layers import checkpoint_layers
from .prompt_encoders import cell_shares, masks_on_canvas
from .task_modules import ForcedClips
from .trackers import FramePrediction, TrackRecorder


@MODELS.register_module()
class AUSM(BaseModel):
    """Autoregressive Universal Video Segmentation Model (arXiv 2508.19242).

    Args:
        backbone: Config; frames -> levels, fine to coarse.
        pixel_encoder: Config of a module with the interface of mmdet's
            ``MSDeformAttnPixelDecoder``: levels -> mask feature, levels coarse to fine.
        marker: Config of the history marker; owns the ID bank.
        compressor: Config of the history compressor.
        history_decoder: Config of the history decoder.
        head: Config of the query decoder head.
        tracker: Config of the ID tracker.
        teacher_forcing: Config of the training targets; ``num_ids`` comes from the marker.
        history_stride: Stride of X, the finest key level, in pixels.
        max_per_frame: Objects kept per frame of an unprompted test video; None keeps all.
        test_strategy: Config of how often test frames are shown and in which order:
            ``VideoPasses``, ``ImageRepetition`` or ``CornerTraversal``.
        test_seed: Of the random order of the IDs in each test video.
        frozen: Names of parts that stay as they are: no gradients, always in evaluation mode.
        with_cp: Activation checkpointing: the repeated layers of all parts keep their inputs only
            and run again in the backward pass. Same gradients, less memory.
        data_preprocessor: Config.
    """

    def __init__(self, backbone: dict, pixel_encoder: dict, marker: dict, compressor: dict,
                 history_decoder: dict, head: dict, tracker: dict = dict(type='IDTracker'),
                 teacher_forcing: dict = dict(type='TeacherForcing'),
                 history_stride: int = 8, max_per_frame: Optional[int] = None,
                 test_strategy: dict = dict(type='VideoPasses', passes=1), test_seed: int = 0,
                 frozen: Sequence[str] = (), with_cp: bool = False,
                 data_preprocessor: dict = dict(type='ClipDataPreprocessor'),
                 init_cfg=None) -> None:
        super().__init__(data_preprocessor, init_cfg)
        self.backbone = MODELS.build(backbone)
        self.pixel_encoder = MODELS.build(pixel_encoder)
        self.marker = MODELS.build(marker)
        self.compressor = MODELS.build(compressor)
        self.history_decoder = MODELS.build(history_decoder)
        self.head = MODELS.build(head)
        self.tracker = MODELS.build(tracker)
        self.teacher_forcing = TASK_UTILS.build(
            dict(teacher_forcing, num_ids=self.marker.num_ids))
        self.history_stride = history_stride
        self.max_per_frame = max_per_frame
        self.test_strategy = TASK_UTILS.build(test_strategy)
        self.test_seed = test_seed
        # X_0: what the first frame's history looks like (method, section 2).
        self.first_feature = nn.Parameter(torch.randn(self.marker.bank.embedding_dim))
        self.frozen = [self.get_submodule(name) for name in frozen]
        for part in self.frozen:
            part.requires_grad_(False)
        if with_cp:
            checkpoint_layers(self)

    def train(self, mode: bool = True) -> 'AUSM':
        """As of any module, but frozen parts stay in evaluation mode."""
        super().train(mode)
        for part in self.frozen:
            part.eval()
        return self

    def forward(self, inputs: Union[Tensor, Sequence], data_samples: List[ClipDataSample],
                mode: str = 'loss') -> Union[Dict[str, Tensor], List[ClipDataSample]]:
        """mmengine's entry: ``mode='loss'`` on clips, ``mode='predict'`` on videos."""
        if mode == 'loss':
            return self.loss(inputs, data_samples)
        if mode == 'predict':
            return self.predict(inputs, data_samples)
        raise ValueError(f"AUSM: mode={mode!r} is unknown; choose 'loss' or 'predict'")

    def extract_feat(self, frames: Tensor, image_sizes: Tensor) -> FrameFeatures:
        """Frames (N, 3, H, W), sizes long (N, 2) without padding -> X."""
        mask_feature, levels = self.pixel_encoder(self.backbone(frames))
        return FrameFeatures(tuple(levels), mask_feature, levels[-1], image_sizes,
                             tuple(frames.shape[-2:]))

    # ---------------------------------------------------------------- Algorithm 2: parallel

    def loss(self, inputs: Tensor, data_samples: List[ClipDataSample]) -> Dict[str, Tensor]:
        """Teacher-forced losses of clips (B, T, 3, H, W), all frames at once."""
        forced = self.teacher_forcing(data_samples)
        sizes = torch.tensor([s.img_shape for s in data_samples], device=inputs.device)
        return self.head.loss(self.unroll(inputs, sizes, forced), forced)

    def parse_losses(self, losses: Dict[str, Tensor]) -> Tuple[Tensor, Dict[str, Tensor]]:
        """As in the base class, but what goes to the log is the mean over all ranks."""
        total, log = super().parse_losses(losses)
        means = reduce_mean(torch.stack([value.detach() for value in log.values()]))
        return total, dict(zip(log, means))

    def unroll(self, inputs: Tensor, image_sizes: Tensor,
               forced: ForcedClips) -> List[RowPrediction]:
        """Algorithm 2 without a loop over frames.

        Args:
            inputs: (B, T, 3, H, W).
            image_sizes: Long (B, 2).
            forced: Ground truth as history.

        Returns:
            Every layer's prediction for the B * T frames, clip by clip.
        """
        B, T = inputs.shape[:2]
        features = self.extract_feat(inputs.flatten(0, 1), image_sizes.repeat_interleave(T, 0))
        x = features.x.unflatten(0, (B, T))  # (B, T, D, h, w)
        first = self.first_feature[:, None, None].expand_as(x[:, :1])
        before = torch.cat([first, x[:, :-1]], dim=1).flatten(0, 1)  # X_{t-1}
        id_vectors = self.marker.bank(forced.bank_ids).repeat_interleave(T, 0)  # (B * T, n, D)
        shares = cell_shares(forced.history_masks.flatten(0, 1), x.shape[-2:])  # (B * T, n, h, w)
        marked = before + self.marker(id_vectors, shares)  # E_t
        valid = features.valid(x.shape[-2:])[::T]  # (B, h, w)
        history, _ = self.compressor(marked.unflatten(0, (B, T)), valid)  # F_t
        features = self.history_decoder(features, history.flatten(0, 1))  # G_t
        names = [name for name in forced.dataset_names for _ in range(T)]
        return self.head(features, id_vectors, forced.in_use.flatten(0, 1), names)

    # ---------------------------------------------------------------- Algorithm 1: streaming

    def start(self, task: str, dataset_name: str, canvas: Tuple[int, int],
              generator: Optional[torch.Generator] = None) -> StreamState:
        """The state before the first frame.

        Args:
            task: ``'unprompted'`` or ``'prompted'``.
            dataset_name: Picks the classification head.
            canvas: Height and width of the padded frames.
            generator: Source of the random order of the IDs.
        """
        if task not in ('unprompted', 'prompted'):
            raise ValueError(f"task={task!r} is unknown; choose 'unprompted' or 'prompted'")
        grid = tuple(-(-side // self.history_stride) for side in canvas)
        rows = self.tracker.start(self.marker.num_ids, grid, self.first_feature.device, generator)
        return StreamState(task, dataset_name, rows)

    def prompt(self, state: StreamState, object_ids: Tensor, masks: Tensor) -> StreamState:
        """Give objects: before the first step as m_0, or right after a frame was predicted.

        Args:
            state: Of the stream.
            object_ids: Long (p,).
            masks: (p, H, W) over the padded frame.
        """
        return replace(state, rows=self.tracker.prompt(state.rows, object_ids, masks))

    def step(self, frame: Tensor, image_size: Tuple[int, int],
             state: StreamState) -> Tuple[FramePrediction, StreamState]:
        """Algorithm 1 for one frame.

        Args:
            frame: (1, 3, H, W), padded.
            image_size: Height and width without padding.
            state: Of the stream.

        Returns:
            The frame's objects, and the state after it.
        """
        features = self.extract_feat(frame, torch.tensor([image_size], device=frame.device))
        x, rows = features.x, state.rows
        before = state.feature
        if before is None:
            before = self.first_feature[:, None, None].expand_as(x)
        id_vectors = self.marker.bank(rows.bank_ids)[None]  # (1, n, D)
        marked = before + self.marker(id_vectors, rows.masks[None])  # E_t
        valid = features.valid(x.shape[-2:])
        history, mixers = self.compressor.step(marked, valid, state.mixers)  # F_t
        features = self.history_decoder(features, history)  # G_t
        in_use = torch.ones(1, len(rows), dtype=torch.bool, device=frame.device)
        decoded = self.head(features, id_vectors, in_use, [state.dataset_name])[-1]
        probs, logits = decoded.class_logits[0].float().softmax(-1), decoded.mask_logits[0]
        rows, kept = self.tracker.update(
            rows, probs[:, -1], logits, features.canvas, image_size,
            detect=state.task == 'unprompted')
        prediction = FramePrediction(
            rows.object_ids, probs[kept], logits[kept], features.canvas, image_size)
        return prediction, replace(state, rows=rows, feature=x, mixers=mixers)

    @torch.no_grad()
    def predict(self, videos: Sequence, data_samples: List[ClipDataSample]) -> List[ClipDataSample]:
        """Stream whole videos; sets ``pred_tracks`` of each sample.

        Args:
            videos: Sequences of padded frames (1, 3, H, W).
            data_samples: With ``prompts`` where the task is ``'prompted'``.
        """
        for frames, sample in zip(videos, data_samples):
            recorder = TrackRecorder(
                sample.ori_shape, sample.task == 'prompted', self.max_per_frame)
            for t, prediction in self.stream(frames, sample):
                recorder.add(t, prediction)
            sample.pred_tracks = recorder.tracks()
        return data_samples

    @torch.no_grad()
    def stream(self, frames: Sequence,
               sample: ClipDataSample) -> Iterator[Tuple[int, FramePrediction]]:
        """Every frame's objects, one frame at a time.

        The test strategy orders the views. The state goes on from one to the next, so that an
        object keeps its row and its id over all of them.

        Args:
            frames: Padded frames (1, 3, H, W).
            sample: With ``prompts`` where the task is ``'prompted'``.

        Yields:
            The position of a frame and its prediction: each frame once, in the order in which
            the strategy reads them.
        """
        prompts = sample.prompts if sample.task == 'prompted' else {}
        given_in = {track.object_id: t for t in sorted(prompts, reverse=True)
                    for track in prompts[t]}  # object id -> the first frame it is given in
        canvas = tuple(frames[0].shape[-2:])
        # The same seed for every video: no result depends on the videos before it.
        state = self.start(sample.task, sample.dataset_name, canvas,
                           torch.Generator().manual_seed(self.test_seed))
        state = self._give(prompts.get(0), 0, sample, canvas, state)  # m_0
        for view in self.test_strategy(len(frames)):
            t = view.frame
            frame = view.show(frames[t], sample.img_shape)
            prediction, state = self.step(frame, sample.img_shape, state)
            if view.read:
                # An object begins with its first mask, also for a pass that knows it already.
                begun = [given_in.get(i, 0) <= t for i in prediction.object_ids.tolist()]
                yield t, prediction.select(begun)
            if view.corner is None:
                # Frame 1's prompt is also kept as M_1; a mask of the user's beats a predicted one
                # whenever its frame is shown.
                state = self._give(prompts.get(t), t, sample, canvas, state)

    def _give(self, tracks: Optional[List[Track]], t: int, sample: ClipDataSample,
              canvas: Tuple[int, int], state: StreamState) -> StreamState:
        """Prompt with the masks that some tracks have in frame t."""
        if not tracks:
            return state
        device = self.first_feature.device
        object_ids = torch.tensor([track.object_id for track in tracks], device=device)
        masks = masks_on_canvas(
            [track.segmentations[t] for track in tracks], sample.img_shape, canvas)
        try:
            return self.prompt(state, object_ids, masks.to(device))
        except UserError as error:
            raise UserError(f'video {sample.video_name}, frame {t}: {error}') from None
