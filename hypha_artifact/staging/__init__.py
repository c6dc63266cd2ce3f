"""The staging matrix as code: what is staged, what readers will see, what is safe.

Hypha's staging is not git's (each fact verified on Hypha 0.21):

* A new version starts empty and is hidden; files not uploaded again are not in it.
  ``remove_file`` of a committed path would delete it from the *previous* version.
* In place, uploads are live at once. Removals are marks that a commit carries out.
  ``remove_file`` of an overwritten path, or a second one on a marked path, destroys
  the file for readers at once.
* A commit deletes first and checks then: one announced file without bytes fails it
  after the removals have run, and a discard does not bring those back.
* Git storage has a stage of its own: hidden, on top of its branch, and nothing in it
  can harm what is committed. Its commit takes what has bytes, whatever was announced,
  and also what a ``discard`` left behind (``discard_changes`` does not).

No front end decides any of this again.
"""

from hypha_artifact.staging.changing import check_removal, commit, remove
from hypha_artifact.staging.preflight import preview_commit
from hypha_artifact.staging.reading import read_stage

__all__ = ["check_removal", "commit", "preview_commit", "read_stage", "remove"]
