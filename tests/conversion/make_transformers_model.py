"""A small random Mask2Former of Hugging Face's transformers, and what it says of an image.

    python make_transformers_model.py FOLDER

Reads FOLDER/image.pth, writes FOLDER/model.safetensors and FOLDER/logits.pth. A process of its own,
because mmpretrain cannot be imported where transformers can. The sizes are those of conftest.py.
"""
import sys
from pathlib import Path

import torch
from transformers import Mask2FormerConfig, Mask2FormerForUniversalSegmentation, SwinConfig

folder = Path(sys.argv[1])
torch.manual_seed(0)
torch.set_num_threads(1)
model = Mask2FormerForUniversalSegmentation(Mask2FormerConfig(
    backbone_config=SwinConfig(
        embed_dim=12, depths=[1, 2, 1, 2], num_heads=[1, 2, 3, 4], window_size=4,
        out_features=['stage1', 'stage2', 'stage3', 'stage4']),
    feature_size=64, mask_feature_size=64, hidden_dim=64, encoder_feedforward_dim=96,
    encoder_layers=2, decoder_layers=5,  # one more than there are: it counts predictions
    num_attention_heads=4, dim_feedforward=80, num_queries=7, num_labels=80)).eval()
with torch.no_grad():
    for parameter in model.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.1)
    output = model(torch.load(folder / 'image.pth', weights_only=True))
model.save_pretrained(folder)
torch.save(dict(class_logits=output.class_queries_logits, mask_logits=output.masks_queries_logits),
           folder / 'logits.pth')
