"""Every parameter of a job, for people who want to know."""

from bot.requests.loras import write_loras
from bot.requests.sizes import pixels
from bot.store import JobRow, State
from bot.text.sanitize import escape_for_discord
from bot.text.translate import Speaker

MAX_TEXT = 700  # characters of a prompt; two of them and the rest stay within a message's 2,000


def details(say: Speaker, model: str, job: JobRow) -> str:
    """The parameters as lines, with each picture's seed and the seconds it took."""
    request = job.request
    rows = [
        (say("Model"), model),
        (say("Mode"), request.task.value),
        (say("Prompt"), escape_for_discord(request.prompt, MAX_TEXT)),
        (say("Negative prompt"), escape_for_discord(request.negative_prompt, MAX_TEXT)),
        (say("Size"), pixels(request.width, request.height)),
        (say("Strength"), ", ".join(say.number(value) for value in request.strengths or (request.strength,) if value)),
        (say("Steps"), str(request.num_inference_steps or "")),
        (say("Guidance scale"), say.number(request.guidance_scale) if request.num_inference_steps else ""),
        (say("Scheduler"), request.scheduler),
        ("LoRA", write_loras(request.loras)),
    ]
    lines = [f"**{name}**: {value}" for name, value in rows if value]
    lines += [
        say(
            "**Picture {number}**: seed {seed}, {seconds} s",
            number=row.place + 1,
            seed=job.seed_of(row),
            seconds=say.number(round(row.seconds, 1)),
        )
        for row in job.of_state(State.FINISHED)
        if row.seconds is not None
    ]
    return "\n".join(lines)
