"""What files are, told from their headers: builds, adapters of all trainers, and what is no model at all."""

import json
import pickle
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generation.model_file import Kind, ModelFile, inspect, inspect_apart
from tests.tiny import write
from tests.tiny.single_file import single_file

UNET = "model.diffusion_model."
ATTENTION = "input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight"
KOHYA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"


def header_only(path: Path, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str] | None = None) -> Path:
    """A safetensors file in half precision whose numbers are a hole in the file."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    end = 0
    for name, shape in shapes.items():
        size = 2 * int(torch.Size(shape).numel())
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [end, end + size]}
        end += size
    encoded = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        file.truncate(8 + len(encoded) + end)
    return path


#: names and shapes of its tensors, and the kind, family and build that are known of them
BUILDS: dict[str, tuple[Mapping[str, tuple[int, ...]], str, str, str]] = {
    "SD 1.5": ({f"{UNET}input_blocks.0.0.weight": (320, 4, 3, 3), f"{UNET}{ATTENTION}": (320, 768),
                "cond_stage_model.transformer.text_model.x": (1,), "first_stage_model.x": (1,)},
               "checkpoint", "stable_diffusion", "Stable Diffusion 1.5"),
    "SD 2": ({f"{UNET}input_blocks.0.0.weight": (320, 4, 3, 3), f"{UNET}{ATTENTION}": (320, 1024),
              "cond_stage_model.model.x": (1,)}, "checkpoint", "stable_diffusion", "Stable Diffusion 2.x"),
    "inpainting": ({f"{UNET}input_blocks.0.0.weight": (320, 9, 3, 3), f"{UNET}{ATTENTION}": (320, 768),
                    "first_stage_model.x": (1,)},
                   "checkpoint", "stable_diffusion", "Stable Diffusion 1.5, inpainting"),
    "pix2pix": ({f"{UNET}input_blocks.0.0.weight": (320, 8, 3, 3), f"{UNET}{ATTENTION}": (320, 768),
                 "first_stage_model.x": (1,)},
                "checkpoint", "instruct_pix2pix", "Stable Diffusion 1.5, InstructPix2Pix"),
    "SDXL": ({f"{UNET}input_blocks.0.0.weight": (320, 4, 3, 3), f"{UNET}{ATTENTION}": (640, 2048),
              "conditioner.embedders.0.transformer.x": (1,), "conditioner.embedders.1.model.x": (1,)},
             "checkpoint", "stable_diffusion_xl", "Stable Diffusion XL"),
    "refiner": ({f"{UNET}input_blocks.0.0.weight": (384, 4, 3, 3), f"{UNET}{ATTENTION}": (768, 1280),
                 "conditioner.embedders.0.model.x": (1,)},
                "checkpoint", "stable_diffusion_xl", "Stable Diffusion XL refiner"),
    "U-Net alone": ({"conv_in.weight": (320, 4, 3, 3), "time_embedding.linear_1.weight": (1280, 320),
                     "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768)},
                    "denoiser", "stable_diffusion", "Stable Diffusion 1.5"),
    "FLUX.1 dev": ({"double_blocks.0.img_attn.qkv.weight": (9216, 3072), "img_in.weight": (3072, 64),
                    "guidance_in.in_layer.bias": (3072,)}, "denoiser", "flux", "FLUX.1 dev, or made of it"),
    "FLUX.1 Fill": ({"double_blocks.0.img_attn.qkv.weight": (9216, 3072), "img_in.weight": (3072, 384),
                     "guidance_in.in_layer.bias": (3072,)}, "denoiser", "flux", "FLUX.1 Fill, inpainting"),
    "FLUX.1 whole": ({f"{UNET}double_blocks.0.img_attn.qkv.weight": (9216, 3072), f"{UNET}img_in.weight": (3072, 64),
                      "vae.x": (1,), "text_encoders.t5xxl.x": (1,)},
                     "checkpoint", "flux", "FLUX.1 schnell, or made of it"),
    "FLUX.2": ({"single_stream_modulation.lin.weight": (9, 9), "guidance_in.in_layer.weight": (9, 9)},
               "denoiser", "flux2", "FLUX.2 dev"),
    "Chroma": ({"distilled_guidance_layer.in_proj.weight": (9, 9), "double_blocks.0.img_attn.qkv.weight": (9, 9)},
               "denoiser", "chroma", "Chroma"),
    "Qwen-Image": ({"transformer_blocks.0.img_mod.1.weight": (9, 9), "txt_norm.weight": (9,)},
                   "denoiser", "qwen_image", "Qwen-Image"),
    "Z-Image": ({"layers.0.adaLN_modulation.0.weight": (9, 9), "cap_embedder.1.weight": (9, 9),
                 "cap_embedder.0.weight": (9,)}, "denoiser", "z_image", "Z-Image"),
    "Nucleus-Image": ({"transformer_blocks.0.img_mod.1.weight": (9, 9), "txt_norm.weight": (9,),
                       "transformer_blocks.0.encoder_proj.weight": (9, 9)},
                      "denoiser", "nucleus_image", "Nucleus-Image"),
    "PRX": ({"blocks.0.attention.img_qkv_proj.weight": (9, 9), "blocks.0.attention.txt_kv_proj.weight": (9, 9)},
            "denoiser", "prx", "PRX"),
    "ERNIE-Image": ({"layers.0.mlp.linear_fc2.weight": (9, 9), "text_proj.weight": (9, 9)},
                    "denoiser", "ernie_image", "ERNIE-Image"),
    "OmniGen": ({"patch_embedding.input_image_proj.weight": (9, 4, 2, 2)}, "denoiser", "omnigen", "OmniGen"),
    "OmniGen2": ({"time_caption_embed.timestep_embedder.linear_1.bias": (9,)}, "denoiser", "", "OmniGen2"),
    "Radiance": ({"distilled_guidance_layer.in_proj.weight": (9, 9), "nerf_blocks.0.norm.scale": (9,)},
                 "denoiser", "", "Chroma Radiance"),
    "Anima": ({"net.llm_adapter.blocks.0.cross_attn.q_proj.weight": (9, 9), "net.blocks.0.mlp.layer1.weight": (9, 9)},
              "denoiser", "", "Anima"),
    "Cosmos": ({"net.blocks.0.mlp.layer1.weight": (9, 9), "net.x_embedder.proj.1.weight": (9, 9)},
               "denoiser", "", "Cosmos Predict 2 (makes videos)"),
    "Kolors": ({f"{UNET}input_blocks.0.0.weight": (320, 4, 3, 3), f"{UNET}encoder_hid_proj.weight": (2048, 4096)},
               "denoiser", "", "Kolors"),
    "FLUX.1's ControlNet": ({"controlnet_blocks.0.weight": (9, 9), "double_blocks.0.img_attn.qkv.weight": (9, 9)},
                            "ControlNet", "", ""),
    "SwinIR": ({"conv_first.weight": (180, 3, 3, 3), "conv_after_body.weight": (180, 180, 3, 3)},
               "upscaler", "", "SwinIR or one of its kind"),
    "tiny VAE": ({"decoder.layers.0.weight": (64, 4, 3, 3)}, "autoencoder", "", ""),
    "VAE": ({"decoder.conv_in.weight": (512, 4, 3, 3), "encoder.conv_in.weight": (128, 3, 3, 3)},
            "autoencoder", "", ""),
    "ControlNet": ({"controlnet_cond_embedding.conv_in.weight": (16, 3, 3, 3)}, "ControlNet", "", ""),
    "LongCat-Image": ({"double_blocks.0.img_attn.qkv.weight": (9216, 3072), "txt_in.weight": (3072, 3584)},
                      "denoiser", "longcat_image", "LongCat-Image"),
    "VAE of a checkpoint": ({"first_stage_model.decoder.conv_in.weight": (512, 4, 3, 3)}, "autoencoder", "", ""),
    "IP-Adapter": ({"image_proj.proj.weight": (9, 9), "ip_adapter.1.to_k_ip.weight": (9, 9)}, "IP-Adapter", "", ""),
    "AnimateDiff": ({"down_blocks.0.motion_modules.0.x.weight": (9,)}, "motion module", "", ""),
    "CLIP's eyes": ({"vision_model.embeddings.patch_embedding.weight": (9, 3, 14, 14)}, "image encoder", "", ""),
    "inversion with a dot": ({"by-artist.v2": (4, 1024)},
                             "textual inversion", "stable_diffusion", "Stable Diffusion 2.x"),
    "inversion": ({"emb_params": (4, 768)}, "textual inversion", "stable_diffusion", "Stable Diffusion 1.5"),
    "XL inversion": ({"clip_l": (2, 768), "clip_g": (2, 1280)},
                     "textual inversion", "stable_diffusion_xl", "Stable Diffusion XL"),
    "another": ({"something.weight": (3, 3)}, "weights of an unknown build", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("name", BUILDS)
def test_a_file_s_build_is_known_by_its_names_and_shapes(tmp_path: Path, name: str) -> None:
    """Whole checkpoints, denoisers alone, autoencoders, ControlNets and textual inversions, each of its family."""
    shapes, kind, family, build = BUILDS[name]
    found = inspect(header_only(tmp_path / "x.safetensors", shapes))
    assert (found.kind, found.family, found.build) == (kind, family, build)
    assert found.usable


#: names and shapes of its tensors, and the adapter, trainer and family that are known of them
ADAPTERS: dict[str, tuple[Mapping[str, tuple[int, ...]], str, str, str]] = {
    "kohya 1.5": ({f"{KOHYA}.lora_down.weight": (4, 768), f"{KOHYA}.lora_up.weight": (320, 4), f"{KOHYA}.alpha": ()},
                  "LoRA", "kohya", "stable_diffusion"),
    "kohya XL": ({f"{KOHYA}.lora_down.weight": (4, 2048), f"{KOHYA}.lora_up.weight": (640, 4)},
                 "LoRA", "kohya", "stable_diffusion_xl"),
    "XL text": ({"lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 1280)},
                "LoRA", "kohya", "stable_diffusion_xl"),
    "kohya FLUX": ({"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 3072)}, "LoRA", "kohya", "flux"),
    "x-labs": ({"double_blocks.0.processor.qkv_lora1.down.weight": (4, 3072)}, "LoRA", "x-labs", "flux"),
    "ai-toolkit": ({"diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight": (4, 3072)},
                   "LoRA", "ai-toolkit or ComfyUI", "flux"),
    "diffusers": ({"transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight": (4, 3072)},
                  "LoRA", "diffusers", "flux"),
    "diffusers Qwen": ({"transformer.transformer_blocks.0.img_mlp.net.0.proj.lora_A.weight": (4, 3072)},
                       "LoRA", "diffusers", "qwen_image"),
    "FLUX.2 dev": ({"diffusion_model.double_blocks.0.img_attn.qkv.lora_A.weight": (4, 6144)},
                   "LoRA", "ai-toolkit or ComfyUI", "flux2"),
    "FLUX.2 Klein 9B": ({"diffusion_model.single_blocks.0.linear1.lora_A.weight": (4, 4096)},
                        "LoRA", "ai-toolkit or ComfyUI", "flux2_klein"),
    "OneTrainer": ({"lora_transformer_single_transformer_blocks_0_attn_to_q.lora_down.weight": (4, 3072)},
                   "LoRA", "OneTrainer", "flux"),
    "musubi Qwen": ({"lora_unet_transformer_blocks_0_img_mlp_net_0_proj.lora_down.weight": (4, 3072)},
                    "LoRA", "kohya", "qwen_image"),
    "Qwen's attention": ({"transformer_blocks.59.attn.add_q_proj.lora_A.weight": (4, 3072)}, "LoRA", "", "qwen_image"),
    "FLUX.1's or Qwen's": ({"transformer_blocks.18.attn.add_q_proj.lora_A.weight": (4, 3072)}, "LoRA", "", ""),
    "AuraFlow": ({"transformer.joint_transformer_blocks.0.attn.add_k_proj.lora_A.weight": (4, 3072)},
                 "LoRA", "diffusers", "aura_flow"),
    "Lumina 2": ({"diffusion_model.layers.0.attention.qkv.lora_A.weight": (4, 2304)},
                 "LoRA", "ai-toolkit or ComfyUI", "lumina2"),
    "before PEFT": ({"unet.mid_block.attentions.0.transformer_blocks.0.attn2.processor.to_k_lora.down.weight":
                     (4, 2048)}, "LoRA", "diffusers", "stable_diffusion_xl"),
    "HunyuanImage": ({"lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight": (4, 3584)},
                     "LoRA", "kohya", "hunyuan_image"),
    "Sana": ({"transformer.transformer_blocks.0.attn2.to_k.lora_A.weight": (4, 2240)}, "LoRA", "diffusers", "sana"),
    "GLoRA": ({f"{KOHYA}.a1.weight": (4, 4), f"{KOHYA}.b1.weight": (4, 4)}, "GLoRA", "kohya", "stable_diffusion"),
    "(IA)³": ({f"{KOHYA}.weight": (4,), f"{KOHYA}.on_input": ()}, "(IA)³", "kohya", "stable_diffusion"),
    "SD 3": ({"transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight": (4, 1536)},
             "LoRA", "diffusers", "stable_diffusion_3"),
    "musubi Z-Image": ({"lora_unet_layers_0_attention_to_q.lora_down.weight": (4, 3840)}, "LoRA", "kohya", "z_image"),
    "Comfy Z-Image": ({"diffusion_model.layers.0.attention.qkv.lora_A.weight": (4, 3840)},
                      "LoRA", "ai-toolkit or ComfyUI", "z_image"),
    "Krea 2": ({"diffusion_model.txtfusion.projector.lora_A.weight": (4, 9)},
               "LoRA", "ai-toolkit or ComfyUI", "krea2"),
    "Wan": ({"diffusion_model.blocks.0.cross_attn.k.lora_A.weight": (4, 5120)}, "LoRA", "ai-toolkit or ComfyUI", ""),
    "PEFT XL": ({"base_model.model.down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight":
                 (4, 2048)}, "LoRA", "PEFT", "stable_diffusion_xl"),
    "LoHa": ({f"{KOHYA}.hada_w1_a": (320, 4), f"{KOHYA}.hada_w1_b": (4, 768)}, "LoHa", "kohya", "stable_diffusion"),
    "LoKr": ({"lycoris_double_blocks_0_img_attn_qkv.lokr_w1": (4, 4)}, "LoKr", "LyCORIS", "flux"),
    "DoRA": ({f"{KOHYA}.lora_down.weight": (4, 768), f"{KOHYA}.dora_scale": (320, 1)},
             "DoRA", "kohya", "stable_diffusion"),
}  # fmt: skip


@pytest.mark.parametrize("name", ADAPTERS)
def test_an_adapter_s_kind_trainer_and_base_are_known(tmp_path: Path, name: str) -> None:
    """LoRA, LoHa, LoKr and DoRA, by the names that each trainer writes."""
    shapes, adapter, trainer, family = ADAPTERS[name]
    found = inspect(header_only(tmp_path / "x.safetensors", shapes))
    assert found.kind is Kind.ADAPTER
    assert (found.adapter, found.trainer, found.family) == (adapter, trainer, family)


def test_what_a_file_says_of_itself_helps_where_its_names_do_not(tmp_path: Path) -> None:
    """Base and triggers come from modelspec's metadata; markers tell v-prediction and zero terminal SNR."""
    plain = {"lora_unet_mid_block_attentions_0_proj_in.lora_down.weight": (4, 1280)}
    said = {"modelspec.architecture": "stable-diffusion-xl-v1-base/lora", "modelspec.trigger_phrase": "papercut, paper"}
    found = inspect(header_only(tmp_path / "lora.safetensors", plain, said))
    assert (found.family, found.triggers) == ("stable_diffusion_xl", ("papercut", "paper"))
    marked = {**BUILDS["SDXL"][0], "v_pred": (), "ztsnr": ()}
    found = inspect(header_only(tmp_path / "v.safetensors", marked))
    assert (found.v_prediction, found.zero_snr) == (True, True)
    scaled = {**BUILDS["FLUX.1 dev"][0], "scaled_fp8": ()}
    assert "fp8" in inspect(header_only(tmp_path / "8.safetensors", scaled)).quantisation


@pytest.mark.parametrize(
    ("names", "said"), [(("weight_scale", "comfy_quant"), "fp8 with scales"), (("weight_scale_2",), "fp4 with scales")]
)
def test_scales_beside_weights_are_known_by_comfyui_s_newer_names(
    tmp_path: Path, names: tuple[str, ...], said: str
) -> None:
    """Such files need other code than plain weights, and are refused by that name."""
    layer = "double_blocks.0.img_attn.qkv"
    shapes = {f"{layer}.{name}": (1,) for name in ("weight", *names)}
    assert inspect(header_only(tmp_path / "x.safetensors", shapes)).quantisation.startswith(said)


def test_real_files_of_each_layout_are_known(tmp_path: Path) -> None:
    """The tiny Stable Diffusion as one file, as its parts, and as GGUF's header has it."""
    folder = write("stable_diffusion", tmp_path)
    whole = inspect(single_file(folder, tmp_path / "whole.safetensors"))
    assert (whole.kind, whole.parts) == (Kind.CHECKPOINT, ("denoiser", "vae", "text_encoder"))
    assert whole.channels == 4
    assert inspect(folder / "unet" / "diffusion_pytorch_model.safetensors").layout == "diffusers"
    assert inspect(folder / "vae" / "diffusion_pytorch_model.safetensors").kind is Kind.VAE
    assert inspect(folder / "text_encoder" / "model.safetensors").kind is Kind.TEXT_ENCODER


def test_gguf_is_read_with_its_quantisation(tmp_path: Path) -> None:
    """Names, shapes in their usual order, and the numbers' format; arrays of words before them are passed over."""
    import gguf
    import numpy as np

    writer = gguf.GGUFWriter(tmp_path / "q.gguf", "flux")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    writer.add_quantization_version(2)
    data = gguf.quants.quantize(np.zeros((96, 32), np.float32), gguf.GGMLQuantizationType.Q8_0)
    for name in ("double_blocks.0.img_attn.qkv.weight", "img_in.weight"):
        writer.add_tensor(name, data, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    found = inspect(tmp_path / "q.gguf")
    assert (found.format, found.kind, found.family, found.precision) == ("gguf", Kind.DENOISER, "flux", "Q8_0")
    assert found.channels == 32
    (tmp_path / "cut.gguf").write_bytes((tmp_path / "q.gguf").read_bytes()[:100])
    assert inspect(tmp_path / "cut.gguf").kind is Kind.TRUNCATED


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps({}))


NO_MODELS: dict[Kind, Callable[[Path], object]] = {
    Kind.POINTER: lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n"),
    Kind.PAGE: lambda path: path.write_bytes(b"\n<!DOCTYPE html><html><body>Sign in</body></html>"),
    Kind.INDEX: lambda path: path.write_bytes(b'{"metadata": {"total_size": 9}, "weight_map": {}}'),
    Kind.PICKLE: _zip,
    Kind.EMPTY: lambda path: path.touch(),
    Kind.ABSENT: lambda _: None,
    Kind.UNKNOWN: lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200)),
    Kind.TRUNCATED: lambda path: _cut(path),
    Kind.DAMAGED: lambda path: path.write_bytes(struct.pack("<Q", 10**15) + b"{" + bytes(600)),
}


def _cut(path: Path) -> None:
    data = header_only(path, BUILDS["SD 1.5"][0]).read_bytes()
    path.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize("kind", NO_MODELS, ids=str)
@pytest.mark.parametrize("look", [inspect, inspect_apart])
def test_what_is_no_model_is_named_with_what_to_do(
    tmp_path: Path, kind: Kind, look: Callable[[Path], ModelFile]
) -> None:
    """Pointers, web pages, pickles, pieces and empty files: each says what it is, in either process."""
    NO_MODELS[kind](tmp_path / "x.safetensors")
    found = look(tmp_path / "x.safetensors")
    assert found.kind is kind
    assert not found.usable
    assert ": " in found.describe()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), header=st.text(alphabet='{}[]":,0123456789eE-.adtypeshF', max_size=200))
def test_no_content_breaks_the_reading(tmp_path: Path, data: bytes, header: str) -> None:
    """Whatever the bytes are, the answer is a kind: nothing is raised."""
    encoded = ("{" + header).encode()
    for content in (data, b"GGUF" + data, struct.pack("<Q", len(encoded)) + encoded + data):
        (tmp_path / "x").write_bytes(content)
        assert inspect(tmp_path / "x").kind in Kind


def test_numbers_that_are_none_and_sizes_that_contradict_the_shape_are_damage(tmp_path: Path) -> None:
    """A shape that is negative, no number, or another size than its bytes is refused before anything is allocated."""
    for shape, offsets in (([-1, 4], [0, 8]), ([2**40, 2**40], [0, 8]), (["a"], [0, 2]), ([4], [8, 0])):
        header = json.dumps({"a": {"dtype": "F16", "shape": shape, "data_offsets": offsets}}).encode()
        (tmp_path / "x").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
        assert inspect(tmp_path / "x").kind is Kind.DAMAGED


def test_weights_that_overlap_or_are_none_are_damage(tmp_path: Path) -> None:
    """As the library that loads them says too, but only once the worker asks it."""
    whole = {"dtype": "F16", "shape": [4]}
    for places in ([(0, 8), (4, 12)], [(0, 8), (10, 18)], []):
        tensors = {str(number): {**whole, "data_offsets": place} for number, place in enumerate(places)}
        header = json.dumps({"__metadata__": {"format": "pt"}, **tensors}).encode()
        content = bytes(max((last for _, last in places), default=0))
        (tmp_path / "x").write_bytes(struct.pack("<Q", len(header)) + header + content)
        assert inspect(tmp_path / "x").kind is Kind.DAMAGED


def test_a_file_of_24_gb_is_looked_at_in_50_ms_and_20_mib(tmp_path: Path) -> None:
    """Only the header is read: processor time and memory of a bare process, with a whole FLUX.1's number of tensors."""
    each = 24 * 10**9 // 2 // 1500 // 3072
    names = [f"{UNET}double_blocks.0.img_attn.qkv.weight", *(f"{UNET}x.{place}" for place in range(1499))]
    path = header_only(tmp_path / "large.safetensors", dict.fromkeys(names, (each, 3072)))
    assert path.stat().st_size > 23.9e9
    folder = Path(__file__).parents[2] / "generation" / "model_file"
    # VmHWM is the most that this process had in memory at once, counted from its own start.
    code = (
        f"import re, sys, time; sys.path.insert(0, {str(folder)!r}); import header; from pathlib import Path\n"
        "began = time.process_time(); found = header.inspect(Path(sys.argv[1])); took = time.process_time() - began\n"
        "kib = re.search(r'VmHWM:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]\n"
        "print(found.kind, took, int(kib) / 1024)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code, path], capture_output=True, text=True, check=True)
    kind, seconds, mib = done.stdout.split()
    assert kind == "denoiser"
    assert float(seconds) < 0.05
    assert float(mib) < 20  # of the whole process
