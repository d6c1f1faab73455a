"""What was asked: columns and texts that change it, layouts of files, formats of trainers, scores."""

import json

from tests.db.interchange.field_case import (
    ASKED,
    BRIEF,
    CALL,
    CHAT,
    EQUAL,
    GIRAFFE,
    IGNORED,
    LONG,
    NUT,
    PICTURE,
    PIRATE,
    PLAIN,
    ROW,
    SCORED,
    SEEN,
    TALL,
    TOOLS,
    WHOLE,
    Case,
    column,
    said,
)

ASKED_CASES = [
    # A column or field that changes what was asked
    Case(
        "01 openai",
        [
            {
                "input": {"messages": [BRIEF, NUT], "tools": [], "parallel_tool_calls": True},
                "preferred_output": [said("A hazelnut.")],
                "non_preferred_output": [said("Nuts.")],
            }
        ],
        "openai",
        ("s:Be brief. " + PLAIN,),
    ),
    Case(
        "01 openai with tools",
        [
            {
                "input": {"messages": [NUT], "tools": [{"type": "function"}]},
                "preferred_output": [said("A hazelnut.")],
                "non_preferred_output": [said("Nuts.")],
            }
        ],
        "openai",
        (f"out: 'tools' in 'input' {TOOLS}",),
    ),
    Case(
        "02 ms-swift",
        [{"messages": [BRIEF, NUT, said("A hazelnut.")], "rejected_response": "Nuts."}],
        "ms-swift",
        ("s:Be brief. " + PLAIN,),
    ),
    Case(
        "03 a system column",
        [
            {"system": PIRATE, "question": "Name a nut.", "chosen": "A hazelnut.", "rejected": "Nuts."},
            {"system": "", "question": "Name a nut.", "chosen": "A hazelnut.", "rejected": "Nuts."},
        ],
        "trl-text",
        (f"s:{PIRATE} {PLAIN}", PLAIN),
    ),
    Case("04 a system_prompt column", [ROW | {"system_prompt": PIRATE}], "trl-text", (f"s:{PIRATE} {PLAIN}",)),
    Case(
        "04 two system prompts that differ",
        [CHAT | {"prompt": [BRIEF, NUT], "system": PIRATE}],
        "trl",
        ("out: it has two system prompts that differ",),
    ),
    Case(
        "05 an explicit prompt and answers of several turns",
        [
            {
                "prompt": [BRIEF, {"role": "user", "content": "I lost my keys."}],
                "chosen": [said("Where?"), {"role": "user", "content": "Here."}, said("Look.")],
                "rejected": [said("Where?"), {"role": "user", "content": "Here."}, said("Too bad.")],
            },
            {
                "prompt": [NUT],
                "chosen": [said("Where?"), {"role": "user", "content": "Here."}, said("Look.")],
                "rejected": [said("Who?"), {"role": "user", "content": "Here."}, said("Too bad.")],
            },
        ],
        "trl",
        (
            "s:Be brief. u:I lost my keys. a:Where? u:Here. | Look. > Too bad.",
            "out: the two conversations differ before their last turn",
        ),
    ),
    Case(
        "05 a prompt that the conversation does not ask",
        [WHOLE | {"prompt": "Name a moon.", "score_chosen": 1.0}],
        "ultrafeedback",
        ("out: the prompt and the conversation in 'chosen' differ",),
    ),
    # Texts that hold structure
    Case(
        "08 transcripts that repeat the prompt",
        [
            {"prompt": f"\n\nHuman: {GIRAFFE}\n\nAssistant:"}
            | {
                name: f"\n\nHuman: {GIRAFFE}\n\nAssistant: {text}"
                for name, text in (("chosen", "About five metres."), ("rejected", "Tall."))
            }
        ],
        "trl-text",
        (TALL,),
        remark="began with the prompt",
    ),
    Case("08 texts that repeat the prompt", [LONG], "trl-text", (TALL,), remark="began with the prompt"),
    Case(
        "08 one of three repeats it",
        [LONG, LONG | {"chosen": "x", "rejected": "y"}, LONG | {"chosen": "z", "rejected": "y"}],
        "trl-text",
        (f"u:{GIRAFFE} | {LONG['chosen']} > {LONG['rejected']}", f"u:{GIRAFFE} | x > y", f"u:{GIRAFFE} | z > y"),
    ),
    Case(
        "09 a transcript as the prompt",
        [
            ROW
            | {"prompt": "\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Name a nut.\n\nAssistant:", "response": "Nuts."}
        ],
        "trl-text",
        ("u:Hi a:Hello! " + PLAIN,),
        remark="was a transcript",
    ),
    Case(
        "09 speakers inside a prompt",
        [ROW | {"prompt": "Go on:\nHuman: Hi\nAssistant: Ho"}],
        "trl-text",
        ("u:Go on:\nHuman: Hi\nAssistant: Ho | A hazelnut. > Nuts.",),
        remark="left as it is",
    ),
    # Files of another layout
    Case(
        "11 JSON Lines named .json", "".join(json.dumps(ROW) + "\n" for _ in "ab"), "trl-text", (PLAIN, PLAIN), ".json"
    ),
    Case("11 one object", json.dumps(ROW), "preference-data", (PLAIN,), ".json"),
    Case("12 lists in a row", json.dumps([ROW]) + json.dumps([ROW]), "preference-data", (PLAIN, PLAIN), ".json"),
    Case("12 a list under a name", json.dumps({"train": [ROW]}), "preference-data", (PLAIN,), ".json"),
    Case(
        "12 columns",
        json.dumps({name: {"0": text, "1": text} for name, text in ROW.items()}),
        "preference-data",
        (PLAIN, PLAIN),
        ".json",
    ),
    Case(
        "13 Python lists in a table",
        "prompt,chosen,rejected\nName a nut.,"
        + ",".join(f'"{WHOLE[each]!r}"' for each in ("chosen", "rejected"))
        + "\n",
        "ultrafeedback",
        (PLAIN,),
        ".csv",
    ),
    Case(
        "13 a list that cannot be read back",
        "prompt,chosen,rejected\nName a nut.,\"[{'role': 'user', 'content': array(1)}]\",Nuts.\n",
        "trl-text",
        ("out: 'chosen' is a list of messages written as text, which cannot be read back. Write it as JSON",),
        ".csv",
    ),
    Case("15 semicolons", "prompt;chosen;rejected\nName a nut.;A hazelnut.;Nuts.\n", "trl-text", (PLAIN,), ".csv"),
    Case("15 sep=;", "sep=;\nprompt;chosen;rejected\nName a nut.;A hazelnut.;Nuts.\n", "trl-text", (PLAIN,), ".csv"),
    Case("15 tabs", "prompt\tchosen\trejected\nName a nut.\tA hazelnut.\tNuts.\n", "trl-text", (PLAIN,), ".tsv"),
    Case("16 capitals", "Prompt,Chosen,Rejected\nName a nut.,A hazelnut.,Nuts.\n", "trl-text", (PLAIN,), ".csv"),
    Case("16 spaces", ",prompt, chosen ,rejected\n0,Name a nut.,A hazelnut.,Nuts.\n", "trl-text", (PLAIN,), ".csv"),
    # What trainers read
    Case(
        "17 alpaca",
        [
            {
                "instruction": "To Latin.",
                "input": "the dog",
                "chosen": "canis",
                "rejected": "dog",
                "system": "You know.",
                "history": [["Hi", "Ho"]],
            }
        ],
        "llama-factory",
        ("s:You know. u:Hi a:Ho u:To Latin.\nthe dog | canis > dog",),
    ),
    Case(
        "17 input beside a prompt",
        [
            {"prompt": "To Latin.", "input": "the dog", "chosen": "canis", "rejected": "dog"},
            {"prompt": "To Latin.\n\nthe dog\n\nBriefly.", "input": "the dog", "chosen": "canis", "rejected": "dog"},
            {"prompt": [NUT], "input": "the dog", "chosen": [said("A hazelnut.")], "rejected": [said("Nuts.")]},
            {"prompt": "To Latin.", "input": " ", "chosen": "canis", "rejected": "dog"},
        ],
        "trl-text",
        (
            "u:To Latin.\nthe dog | canis > dog",
            "u:To Latin.\n\nthe dog\n\nBriefly. | canis > dog",
            "out: 'input' holds a part of what was asked, and 'prompt' is turns, so where it belongs cannot be known"
            + IGNORED.format("input"),
            "u:To Latin. | canis > dog",
        ),
    ),
    Case(
        "17 earlier turns beside messages that hold the answer",
        [
            {"messages": [NUT, said("A hazelnut.")], "history": [["Hi", "Ho"]], "label": True},
            {"messages": [NUT, said("Nuts.")], "history": [["Hi", "Ho"]], "label": False},
        ],
        "kto",
        ("u:Hi a:Ho u:Name a nut. | A hazelnut. > Nuts.",),
    ),
    Case(
        "17 earlier turns beside whole conversations, and in them",
        [
            WHOLE | {"history": [["Hi", "Ho"]]},
            WHOLE | {"history": [], "input": "Name a nut."},
            {name: [{"role": "user", "content": "Hi"}, said("Ho"), *WHOLE[name]] for name in WHOLE}
            | {"history": [["Hi", "Ho"]]},
        ],
        "trl-implicit",
        ("u:Hi a:Ho u:Name a nut. | A hazelnut. > Nuts.", PLAIN, "u:Hi a:Ho u:Name a nut. | A hazelnut. > Nuts."),
    ),
    Case(
        "17 two outputs",
        [{"instruction": "To Latin.", "input": "the dog", "output": ["canis", "dog"]}],
        "llama-factory-outputs",
        ("u:To Latin.\nthe dog | canis > dog",),
        ".json",
    ),
    Case(
        "18 sharegpt",
        [
            {
                "conversations": [{"from": "human", "value": "Name a nut."}],
                "chosen": {"from": "gpt", "value": "A hazelnut."},
                "rejected": {"from": "gpt", "value": "Nuts."},
                "system": "Be brief.",
            }
        ],
        "sharegpt",
        ("s:Be brief. " + PLAIN,),
        ".json",
    ),
    Case(
        "18 sharegpt with texts",
        [{"conversations": [{"from": "human", "value": "Name a nut."}], "chosen": "A hazelnut.", "rejected": "Nuts."}],
        "sharegpt",
        (PLAIN,),
        ".json",
    ),
    Case(
        "20 one message for an answer",
        [{"messages": [BRIEF, NUT], "chosen": said("A hazelnut."), "rejected": said("Nuts.")}],
        "axolotl",
        ("s:Be brief. " + PLAIN,),
    ),
    Case(
        "21 other names of roles",
        [
            {
                name: [{"role": "Human", "content": "Name a nut."}, {"role": "Assistant", "content": text}]
                for name, text in (("chosen", "A hazelnut."), ("rejected", "Nuts."))
            },
            CHAT | {"prompt": [{"role": "developer", "content": "Be brief."}, NUT]},
            CHAT | {"prompt": [{"role": "narrator", "content": "Be brief."}]},
        ],
        "trl",
        (
            PLAIN,
            "s:Be brief. " + PLAIN,
            "out: 'prompt' has the role 'narrator'; known are user, assistant and system",
        ),
    ),
    Case(
        "22 calls of tools",
        [
            CHAT | {"chosen": [said("Let me look.", **CALL)]},
            CHAT | {"chosen": [said("", **CALL)]},
            CHAT | {"chosen": [{"role": "assistant", "content": None, **CALL}]},
            CHAT | {"prompt": [NUT, said("Looking.", **CALL), NUT]},
            CHAT | {"prompt": [NUT, {"role": "tool", "tool_call_id": "c1", "content": "12:00"}]},
            CHAT | {"chosen": [said("A hazelnut.", tool_calls=None, name=None)]},
        ],
        "trl",
        (
            f"out: 'tool_calls' in 'chosen' {TOOLS}",
            f"out: 'tool_calls' in 'chosen' {TOOLS}",
            f"out: 'tool_calls' in 'chosen' {TOOLS}",
            f"out: 'tool_calls' in 'prompt' {TOOLS}",
            f"out: 'tool_call_id' in 'prompt' {TOOLS}",
            PLAIN,
        ),
    ),
    Case("23 a column of tools", [CHAT | {"tools": [{"type": "function"}]}], "trl", (column("tools", TOOLS),)),
    Case(
        "24 contents in parts",
        [
            CHAT | {"prompt": [{"role": "user", "content": [{"type": "text", "text": "Name a nut."}]}]},
            CHAT | {"prompt": [{"role": "user", "content": PICTURE}]},
        ],
        "trl",
        (PLAIN, "out: 'content' holds a part of type 'image_url'; Palate judges and trains on text"),
    ),
    Case(
        "25 pictures, thoughts, documents, and what nobody knows",
        [
            ROW | {"image": {"path": "1.jpg"}},
            ROW | {"image": None, "images": []},
            ROW | {"reasoning": "It is a nut."},
            ROW | {"documents": ["All about nuts."]},
            ROW | {"mood": "grim"},
            ROW | {"mood": 3, "source": "web", "model": "m", "chosen_model": "n", "score": 3, "conversation_id": "x"},
            ROW | {"label": 0},
            ROW | {"label": 1},
        ],
        "trl-text",
        (
            column("image", SEEN),
            PLAIN,
            column("reasoning", "holds thoughts of the model beside its answer"),
            column("documents", ASKED),
            column("mood", "is not known here and may change what was asked"),
            PLAIN,
            column("label", "holds a verdict that this format does not read"),
            column("label", "holds a verdict that this format does not read"),
        ),
    ),
    # Scores
    Case(
        "28 unknown scores",
        [
            SCORED | {"score_rejected": float("nan")},
            SCORED | {"score_chosen": "N/A"},
            SCORED | {"score_chosen": None, "score_rejected": None},
            SCORED,
            SCORED | {"score_chosen": "good"},
        ],
        "ultrafeedback",
        (PLAIN, PLAIN, PLAIN, PLAIN, "out: 'score_chosen' must be a number, not a text"),
    ),
    Case("29 equal scores", [SCORED | {"score_chosen": 2}], "ultrafeedback", (EQUAL,)),
    Case("29 reversed scores", [SCORED | {"score_chosen": 1}], "ultrafeedback", (PLAIN,), remark="the opposite"),
    Case(
        "30 labels 1 and 0",
        [
            {"prompt": "Name a nut.", "completion": "A hazelnut.", "label": 1},
            {"prompt": "Name a nut.", "completion": "Nuts.", "label": 0},
        ],
        "kto",
        (PLAIN,),
    ),
    Case(
        "30 labels as text",
        [
            {"prompt": "Name a nut.", "completion": "A hazelnut.", "label": "TRUE"},
            {"prompt": "Name a nut.", "completion": "Nuts.", "label": "FALSE"},
            {"prompt": "Name a nut.", "completion": "Nuts.", "label": "maybe"},
        ],
        "kto",
        (PLAIN, "out: 'label' must be true or false"),
    ),
    Case(
        "30 kto_tag",
        [
            {"instruction": "Name a nut.", "output": "A hazelnut.", "kto_tag": True},
            {"instruction": "Name a nut.", "output": "Nuts.", "kto_tag": False},
        ],
        "kto",
        (PLAIN,),
    ),
    Case(
        "30 messages with a label",
        [
            {"messages": [NUT, said("A hazelnut.")], "label": True},
            {"messages": [NUT, said("Nuts.")], "label": False},
        ],
        "kto",
        (PLAIN,),
    ),
]
