"""The example of host/web/README.md, as a person would run it. Exits with 77 without bash, curl and jq, or a server in the program.

    python3 tests/program/test_studio_example.py PROGRAM"""
import os
import shutil
import subprocess
import sys
import tempfile

from studio_client import SKIPPED, Studio, png


def main():
    readme = os.path.join(os.path.dirname(__file__), "../../host/web/README.md")
    with open(readme, encoding="utf-8") as file:
        example = file.read().split("```bash\n")[1].split("```")[0]
    assert '"image-size": "512"' in example
    example = example.replace('"image-size": "512"', '"image-size": "64", "iterations": "3"')
    if not all(shutil.which(tool) for tool in ("bash", "curl", "jq")):
        sys.exit(SKIPPED)
    home = tempfile.mkdtemp(prefix="pastiche-example-")
    for name, data in (("photo.jpg", png(96, 64)), ("painting.jpg", png(64, 96, (20, 160, 90)))):
        with open(os.path.join(home, name), "wb") as file:
            file.write(data)
    studio = Studio(sys.argv[1], os.path.join(home, "pictures"))
    try:
        run = subprocess.run(["bash", "-e", "-u", "-c", example, "example", studio.url.rstrip("/")], cwd=home, timeout=600, capture_output=True, text=True)
        assert run.returncode == 0 and run.stdout == "", run
        with open(os.path.join(home, "result.png"), "rb") as file:
            result = file.read()
        with open(os.path.join(home, "pictures", "photo in painting.png"), "rb") as file:
            assert result == file.read()
    finally:
        studio.process.kill()
        studio.process.wait()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
