"""Fits the classifier's weights anew: ``make train`` (needs scikit-learn, extra ``dev``)."""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

from risklib.findings import save_model
from risklib.labels import read_labels
from risklib.playbook import Playbook, default_folder, load_playbook
from risklib.training.documents import Labelled, by_experts, examples, fingerprinted, labelled
from risklib.training.fitting import fit, pruned
from risklib.training.gain import gain, without

LABELS, EXPERTS = Path("data/labels/cuad.csv"), Path("data/labels/experts.csv")


def load_documents(shared: Path, playbook: Playbook, samples: Path) -> list[Labelled]:
    """The labelled agreements of ``shared/data``, the project's own samples and its labels of CUAD, each file once."""
    docs = labelled(shared / "data" / "agreements", shared / "data" / "gold", playbook)
    docs += labelled(samples, samples / "answers", playbook, measures=False)
    cuad = shared / "data" / "cuad"
    docs += fingerprinted(cuad / "pdf", LABELS, playbook)
    docs += by_experts(cuad / "pdf", cuad / "labels.jsonl", EXPERTS, playbook, read_labels(LABELS))
    return list({d.contract_id: d for d in reversed(docs)}.values())  # of two readings of a file the first, fuller one


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the classifier's weights and write data/playbook/model.npz")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--samples", type=Path, default=Path("data/agreements"))
    parser.add_argument("--out", type=Path, default=default_folder() / "model.npz")
    parser.add_argument("--reviewed", type=Path, help="labels.csv that `risklib review --export` wrote")
    parser.add_argument("--reviewed-pdfs", type=Path, help="folder of the agreements that --reviewed speaks of")
    args = parser.parse_args(list(arguments) if arguments is not None else None)
    if (args.reviewed is None) != (args.reviewed_pdfs is None):
        parser.error("--reviewed and --reviewed-pdfs belong together: labels hold no text, it is read from the PDFs")
    if not (args.shared / "data" / "gold").is_dir():
        parser.error(f"no labelled agreements in {args.shared}/data/gold; give --shared FOLDER")
    playbook = load_playbook()
    docs = [*load_documents(args.shared, playbook, args.samples), examples(playbook)]
    if args.reviewed:
        reviewed = fingerprinted(args.reviewed_pdfs, args.reviewed, playbook)
        print(gain(docs, reviewed))
        docs = [*without(docs, reviewed), *reviewed]
    whole = sum(d.teaches is None for d in docs) - 1
    statement = {
        "trained_on": f"{len(docs) - 1} agreements, {whole} of them labelled by sentence, the others by experts' "
        "answers on five provisions; and the playbook's examples",
        "sentences": sum(x is not None for d in docs for x in d.labels),
        "sources": "labels made for this project on public agreements, some of them contracts of CUAD v1, and CUAD's "
        "own answers (CC BY 4.0, The Atticus Project); agreements of the samples are the project's own",
        "playbook": playbook.version,
    }
    model = pruned(fit(docs, playbook, statement=statement))
    digest = save_model(model, args.out)
    print(
        f"{args.out}: {args.out.stat().st_size / 1e6:.1f} MB, {len(model.labels)} labels, {len(model.vocabulary)} "
        f"features, sha256 {digest[:12]}"
    )


if __name__ == "__main__":
    main()
