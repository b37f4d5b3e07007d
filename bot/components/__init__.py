"""What happens when a button is pressed, a menu used, a modal sent or a message answered."""

from bot.components.audit import AuditButton
from bot.components.base import PersistentItem
from bot.components.history import HistoryButton
from bot.components.job import CancelSelect, FewerButton, JobButton, QueueSelect
from bot.components.message_menu import FoundButton, WhichSelect
from bot.components.modals.prompt_help import PromptButton, PromptedButton
from bot.components.models import ModelsButton, ModelSelect
from bot.components.pick import PickSelect
from bot.components.picture import PictureButton, WordsButton
from bot.components.privacy import DeleteDataButton
from bot.components.replies.consent import MeantItem
from bot.components.server_settings import ServerButton

#: buttons and menus that work after a restart
ITEMS: tuple[type[PersistentItem], ...] = (
    AuditButton,
    CancelSelect,
    DeleteDataButton,
    FewerButton,
    FoundButton,
    HistoryButton,
    JobButton,
    MeantItem,
    ModelSelect,
    ModelsButton,
    PickSelect,
    PictureButton,
    PromptButton,
    PromptedButton,
    QueueSelect,
    ServerButton,
    WhichSelect,
    WordsButton,
)
