"""What was judged: odd rows, the arena, tools of annotators, and other shapes."""

import json

from tests.db.interchange.field_case import (
    BATTLE,
    CANCELLED,
    CHAT,
    HH,
    HH_MOON,
    LAST,
    LEFT,
    LLAMA,
    MOON,
    NUT,
    OPEN,
    PLAIN,
    RANKS,
    ROW,
    SEEN,
    THANKS,
    TIE,
    WHOLE,
    WORN,
    Case,
    flat,
    hh,
    said,
    task,
    three,
)

JUDGED_CASES = [
    # One odd row
    Case(
        "31 half a surrogate pair",
        '{"prompt":"Cheer me up.","chosen":"Sure \\ud83d\\ude00!","rejected":"Sure \\ud83d"}\n' + json.dumps(ROW),
        "trl-text",
        ("out: 'rejected' holds half of a surrogate pair, which is no text", PLAIN),
    ),
    Case(
        "31 a line that is no JSON",
        json.dumps(ROW) + "\nno\n" + json.dumps(ROW),
        "trl-text",
        (PLAIN, "out: Expecting value at column 1", PLAIN),
    ),
    Case(
        "32 ends with Human",
        [HH, hh("Human: Hi", "Assistant: Hello.", "Human: Bye"), HH_MOON],
        "hh-rlhf",
        (PLAIN, f"out: {LAST}", MOON),
    ),
    Case(
        "32 two answers in a row",
        [HH, hh("Human: Hi", "Assistant: Hello.", "Assistant: You"), HH_MOON],
        "hh-rlhf",
        (PLAIN, "out: 'chosen' must begin with 'Human:' and have a 'Human:' before its last 'Assistant:'", MOON),
    ),
    Case(
        "32 two questions in a row",
        [HH, hh("Human: Hi", "Human: Ho", "Assistant: a"), HH_MOON],
        "hh-rlhf",
        (PLAIN, "out: one speaker has two turns in a row", MOON),
    ),
    Case(
        "32 an empty answer",
        [HH, {"chosen": "\n\nHuman: Hi\n\nAssistant:", "rejected": "\n\nHuman: Hi\n\nAssistant: Yo."}],
        "hh-rlhf",
        (PLAIN, "out: an answer is empty"),
    ),
    Case(
        "33 a shared beginning",
        [{name: f"\n\nHuman: What is it?\n\nAssistant: It is {name}" for name in ("chosen", "rejected")}],
        "hh-rlhf",
        ("u:What is it? | It is chosen > It is rejected",),
    ),
    # The arena
    Case("36 both_bad", [BATTLE | {"winner": "both_bad"}], "arena", ("u:Name a nut. | A hazelnut. both_bad Nuts.",)),
    Case(
        "37 a winner column",
        "id,prompt,response_a,response_b,winner,model_a,model_b,language\n"
        "1,Name a nut.,A hazelnut.,Nuts.,model_a,m1,m2,English\n",
        "arena-csv",
        (PLAIN,),
        ".csv",
    ),
    Case(
        "39 a battle that ends with the user",
        [BATTLE, BATTLE | {name: [*BATTLE[name], *THANKS] for name in ("conversation_a", "conversation_b")}],
        "arena",
        (PLAIN, "out: 'conversation_a' must hold a whole conversation that ends with the assistant's answer"),
    ),
    # Annotators
    Case(
        "40 Argilla 1",
        [
            {
                "prompt": "Name a nut.",
                "response1": "A hazelnut.",
                "response2": "Nuts.",
                "metadata": "{}",
                "preference": [
                    {
                        "user_id": "u",
                        "value": {"rank": [1, 2], "value": ["response1", "response2"]},
                        "status": "submitted",
                    }
                ],
            }
        ],
        "argilla",
        (PLAIN,),
    ),
    Case(
        "41 a draft beside a verdict",
        [
            flat("response_a", None, status=("submitted", "draft")),
            flat("response_a", "response_b", status=("submitted", "draft")),
            flat("response_a", "response_b", status=("submitted", "discarded")),
            flat(None, status=("draft",)),
            flat(None, status=("discarded",)),
            flat("response_a", "response_b", status=("submitted", "submitted")),
        ],
        "argilla",
        (
            PLAIN,
            PLAIN,
            PLAIN,
            "u:Name a nut. | A hazelnut. skip Nuts.",
            "u:Name a nut. | A hazelnut. discard Nuts.",
            "out: those who judged it disagree",
        ),
    ),
    Case(
        "42 a ranking of three",
        [three("ranking", RANKS)],
        "argilla",
        (
            "u:Name a nut. | A peanut? > Nuts.",
            "u:Name a nut. | A hazelnut. > A peanut?",
            PLAIN,
        ),
    ),
    Case(
        "42 the best of three",
        [three("best", "reply_3")],
        "argilla",
        (
            "u:Name a nut. | A hazelnut. > A peanut?",
            PLAIN,
        ),
    ),
    Case(
        "43 ratings",
        [
            {"instruction": "Name a nut.", "generation-1": "A hazelnut.", "generation-2": "Nuts."}
            | {
                f"generation-{at}-rating.responses{end}": [value]
                for at, rating in ((1, 5), (2, 2))
                for end, value in (("", rating), (".status", "submitted"))
            }
        ],
        "argilla",
        (PLAIN,),
    ),
    Case(
        "44 the first record is open",
        [
            {"prompt": "Name a nut.", "response_a": "A hazelnut.", "response_b": "Nuts.", "preference.responses": None},
            flat("response_a"),
        ],
        "argilla",
        (OPEN, PLAIN),
    ),
    Case(
        "44 nulls",
        [
            {"prompt": None, "question": "Name a nut.", "chosen": "A hazelnut.", "rejected": "Nuts."},
            ROW | {"question": None},
            ROW | {"rejected": None},
        ],
        "trl-text",
        (PLAIN, PLAIN, "out: 'rejected' must be a text or messages, not null"),
    ),
    Case(
        "45 a skip beside a verdict",
        [task(LEFT, CANCELLED), task(CANCELLED)],
        "label-studio",
        (PLAIN, "u:Name a nut. | A hazelnut. skip Nuts."),
        ".json",
    ),
    Case("46 no result is no tie", [task({"was_cancelled": False, "result": []})], "label-studio", (OPEN,), ".json"),
    Case(
        "46 the choice Tie",
        [task({"result": [{"type": "choices", "value": {"choices": ["Tie"]}}]})],
        "label-studio",
        (TIE,),
        ".json",
    ),
    Case(
        "47 JSON_MIN",
        [
            {"prompt": "Name a nut.", "answer1": "A hazelnut.", "answer2": "Nuts.", "annotator": 1, "comparison": value}
            for value in ("left", {"selected": "left"}, None)
        ],
        "label-studio-min",
        (PLAIN, PLAIN, OPEN),
        ".json",
    ),
    Case(
        "48 other names",
        [
            task(),
            task(LEFT, question="Name a nut.", text1="A hazelnut.", text2="Nuts."),
            task(LEFT, prompt="Name a nut.", answer1="A hazelnut.", answer2="Nuts.", image="x.png"),
        ],
        "label-studio",
        (OPEN, PLAIN, f"out: 'image' in 'data' {SEEN}"),
        ".json",
    ),
    Case(
        "49 own labels",
        [flat("Response A", name="better"), flat("the first", name="better")],
        "argilla",
        (
            PLAIN,
            "out: the response 'the first' is none of 'response_a', 'response_b', 'tie', 'both_bad', 'both_good'",
        ),
    ),
    # Other shapes
    Case(
        "51 HelpSteer3",
        [
            {
                "context": [NUT],
                "response1": "A hazelnut.",
                "response2": "Nuts.",
                "overall_preference": number,
                "domain": "x",
            }
            for number in (-2, 0, None)
        ],
        "helpsteer3",
        (PLAIN, TIE, OPEN),
    ),
    Case(
        "52 PKU-SafeRLHF",
        [
            {
                "prompt": "Name a nut.",
                "response_0": "Nuts.",
                "response_1": "A hazelnut.",
                "is_response_0_safe": True,
                "better_response_id": 1,
                "safer_response_id": 0,
            }
        ],
        "safe-rlhf",
        (PLAIN,),
    ),
    Case(
        "53 nectar",
        [
            {
                "prompt": "\n\nHuman: Name a nut.\n\nAssistant: ",
                "num_responses": 2,
                "answers": [
                    {"answer": "A hazelnut.", "model": "m", "rank": 1.0},
                    {"answer": "Nuts.", "model": "n", "rank": 2.0},
                ],
            }
        ],
        "n-best",
        (PLAIN,),
        remark="was a transcript",
    ),
    Case(
        "53 NeMo",
        [{"prompt": "Name a nut.", "chosen_response": "A hazelnut.", "rejected_response": "Nuts."}],
        "nemo",
        (PLAIN,),
    ),
    Case(
        "53 Prodigy",
        [
            {
                "text": "Name a nut.",
                "options": [{"id": "A", "text": "A hazelnut."}, {"id": "B", "text": "Nuts."}],
                "accept": accept,
                "answer": answer,
                "_session_id": "s",
            }
            for accept, answer in ((["A"], "accept"), ([], "ignore"), ([], "accept"))
        ],
        "prodigy",
        (PLAIN, "u:Name a nut. | A hazelnut. skip Nuts.", OPEN),
    ),
    Case(
        "53 SHP",
        [
            {
                "post_id": "1",
                "history": "Name a nut.",
                "human_ref_A": "Nuts.",
                "human_ref_B": "A hazelnut.",
                "labels": 0,
                "score_A": 2,
                "score_B": 5,
            }
        ],
        "shp",
        (PLAIN,),
    ),
    Case(
        "53 StackExchange",
        [{"question": "Name a nut.", "response_j": "A hazelnut.", "response_k": "Nuts."}],
        "stack-exchange",
        (PLAIN,),
    ),
    Case(
        "53 summaries",
        [{"info": {"post": "x"}, "summaries": [{"text": "a"}, {"text": "b"}], "choice": 0}],
        "summaries",
        ("out: nothing says what was asked of the post; give it 'prompt', 'chosen' and 'rejected'",),
    ),
    Case(
        "53 WebGPT",
        [
            {
                "question": {"id": "1", "full_text": "Name a nut."},
                "answer_0": "A hazelnut.",
                "answer_1": "Nuts.",
                "score_0": score,
                "score_1": -1.0,
            }
            for score in (1.0, -1.0, None)
        ],
        "webgpt",
        (PLAIN, TIE, OPEN),
    ),
    Case(
        "56 several rejected",
        [ROW | {"rejected": ["Nuts.", "No."]}, ROW | {"chosen": ["A hazelnut."]}],
        "trl-text",
        (PLAIN, "u:Name a nut. | A hazelnut. > No.", PLAIN),
    ),
    Case(
        "57 control characters",
        [ROW | {"rejected": "c\u001b[31m\u0000d"}],
        "trl-text",
        ("u:Name a nut. | A hazelnut. > c\u001b[31m\u0000d",),
    ),
    Case(
        "58 a mark, an empty line, a separator",
        "\ufeff" + json.dumps(ROW) + "\r\n\r\n" + json.dumps(ROW | {"chosen": "A\u2028hazelnut."}, ensure_ascii=False),
        "trl-text",
        (PLAIN, "u:Name a nut. | A\u2028hazelnut. > Nuts."),
    ),
    Case(
        "63 JSON in a string",
        [ROW | {name: json.dumps(WHOLE[name]) for name in ("chosen", "rejected")}],
        "ultrafeedback",
        (PLAIN,),
    ),
    Case("64 rows of two kinds", [ROW, CHAT, CHAT | WHOLE], "trl-text", (PLAIN, PLAIN, PLAIN)),
    Case(
        "70 a prompt in ChatML",
        [{"prompt": WORN, "chosen": "A hazelnut.<|im_end|>\n", "rejected": "Nuts.<|im_end|>"}],
        "trl-text",
        ("s:Be brief. " + PLAIN,),
        remark="wore the chat template ChatML",
    ),
    Case(
        "70 a prompt of Llama 3",
        [ROW | {"prompt": LLAMA}],
        "trl-text",
        (PLAIN,),
        remark="wore the chat template Llama 3",
    ),
    Case(
        "70 a prompt of Llama 2",
        [ROW | {"prompt": "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nName a nut. [/INST]"}],
        "trl-text",
        ("s:Be brief. " + PLAIN,),
        remark="wore the chat template Llama 2",
    ),
    Case(
        "70 a template that cannot be read",
        [ROW | {"prompt": "### Instruction:\nName a nut.\n\n### Response:\n"}],
        "trl-text",
        ("out: 'prompt' wears a chat template (### Instruction:) that cannot be read as turns",),
    ),
    Case(
        "91 a prompt beside whole conversations",
        [
            {
                "source": "x",
                "prompt": "And a moon?",
                "question": "And a moon?",
                "chosen": [NUT, said("A hazelnut."), {"role": "user", "content": "And a moon?"}, said("Titan.")],
                "rejected": [NUT, said("A hazelnut."), {"role": "user", "content": "And a moon?"}, said("No.")],
            }
        ],
        "ultrafeedback",
        ("u:Name a nut. a:A hazelnut. u:And a moon? | Titan. > No.",),
    ),
    Case(
        "96 scores beside texts",
        [ROW | {"score_chosen": 9.0, "score_rejected": 2.0, "margin": 7.0}],
        "trl-text",
        (PLAIN,),
    ),
    Case(
        "96 scores from the second row on",
        [WHOLE, WHOLE | {"score_chosen": 8.0, "score_rejected": 2.0}],
        "trl-implicit",
        (PLAIN, PLAIN),
    ),
    Case(
        "two prompts that differ",
        [ROW | {"question": "Name a moon."}],
        "trl-text",
        ("out: 'prompt' and 'question' ask different things",),
    ),
]
