package org.hearth.app.backups;

import atlantafx.base.theme.Styles;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.hearth.app.backups.BackupsViewModel.Restore;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.server.admin.SavedBackup;

/// The cards of the page Backups: what a restore will do, how far it is, what became of it; and the
/// settings.
final class BackupForms {
  private final BackupsViewModel model;
  private final Overlay overlay;
  private final Desktop desktop;

  BackupForms(BackupsViewModel model, Overlay overlay, Desktop desktop) {
    this.model = model;
    this.overlay = overlay;
    this.desktop = desktop;
    model
        .restore()
        .addListener((_, before, now) -> {
          boolean over = now.filter(Restore::isOver).isPresent();
          if (over) {
            showRestored(now.get());
          } else if (now.isPresent() && before.isEmpty()) {
            showRestoring();
          }
        });
  }

  /// Says what a restore will do, before it does.
  void showRestore(SavedBackup backup) {
    Button cancel = cancel();
    Button restore =
        Forms.button(
            "restore-do",
            "_Restore",
            () -> {
              overlay.close();
              model.restore(backup);
            });
    restore.getStyleClass().add(Styles.DANGER);
    overlay.show(
        Forms.card(
            "Go back to the backup of %s?".formatted(Moments.said(backup.begun(), Instant.now())),
            "What happened on this server in the last %s will be gone: messages, pictures, accounts, changed passwords, rooms."
                .formatted(BackupsViewModel.lost(backup)),
            List.of(
                Forms.hint(
                    "The server stops for a moment. Apps connect again by themselves and load everything anew. Who"
                        + " signed in since then signs in again; devices that were signed out since are signed in again."),
                Forms.hint(
                    "One-time keys for encryption are cleared, and apps upload new ones by themselves."),
                Forms.hint(
                    "The settings stay as they are, and nothing is deleted: what is there now is kept in a folder of its"
                        + " own among the data, until you remove it.")),
            List.of(cancel, restore)));
  }

  private void showRestoring() {
    StringProperty doing = new SimpleStringProperty("");
    doing.bind(model.restore().map(now -> now.map(Restore::sentence).orElse("")));
    ProgressBar bar = new ProgressBar();
    bar.setMaxWidth(Double.MAX_VALUE);
    bar.setAccessibleText("How far it is");
    Button cancel = Forms.button("restore-cancel", "Cance_l", model::cancelRestore);
    cancel.setCancelButton(true);
    cancel.disableProperty().bind(model.restore().map(now -> now.filter(Restore::ends).isEmpty()));
    overlay.show(
        Forms.card(
            "Restoring",
            "Until the backup is prepared, nothing changes and the server goes on.",
            List.of(bar, Forms.sentence("restore-work", "hint", doing)),
            List.of(cancel)));
  }

  private void showRestored(Restore how) {
    Button close =
        Forms.button(
            "restore-close",
            "_Close",
            () -> {
              overlay.close();
              model.forgetRestore();
            });
    close.setCancelButton(true);
    close.getStyleClass().add(Styles.ACCENT);
    VBox card =
        Forms.card(
            how.aside().isPresent() ? "The backup is restored" : "The backup is not restored",
            how.aside().isPresent()
                ? "Apps connect again by themselves, and load everything anew."
                : "The server has the data that it had.",
            List.of(
                Forms.sentence(
                    "restore-outcome",
                    how.good() ? "hint" : "problem",
                    new SimpleStringProperty(how.sentence()))),
            how.aside().map(aside -> List.of(opens(aside), close)).orElse(List.of(close)));
    overlay.show(card);
    close.requestFocus();
  }

  private Button opens(Path folder) {
    return Forms.button(
        "restore-open", "Open _folder", () -> desktop.open(folder.toUri().toString()));
  }

  /// Which backups are made by themselves.
  void showSettings() {
    SettingsViewModel settings = model.toChange(overlay::close);
    CheckBox daily = new CheckBox("Make a backup every _day");
    daily.setId("settings-daily");
    daily.setMnemonicParsing(true);
    daily.selectedProperty().bindBidirectional(settings.daily());
    TextField keep = Forms.field("settings-keep", "7");
    keep.textProperty().bindBidirectional(settings.keep());
    TextField folder = Forms.field("settings-folder", settings.usual().toString());
    folder.textProperty().bindBidirectional(settings.folder());
    HBox.setHgrow(folder, Priority.ALWAYS);
    Button choose =
        Forms.button(
            "settings-choose",
            "C_hoose…",
            () ->
                desktop
                    .chooseFolder("Where should backups go?", Path.of(model.place().get()))
                    .ifPresent(chosen -> folder.setText(chosen.toString())));
    Label named = new Label("Folder");
    named.setLabelFor(folder);
    named.getStyleClass().add("field-name");
    folder.setAccessibleText("Folder");
    Button save =
        Forms.button("settings-save", model.runs() ? "_Save and restart" : "_Save", settings::save);
    save.disableProperty().bind(settings.good().not());
    save.setDefaultButton(true);
    save.getStyleClass().add(Styles.ACCENT);
    overlay.show(
        Forms.card(
            "Which backups are made",
            model.runs()
                ? "The server restarts to go by it; apps connect again by themselves."
                : "The server goes by it from its next start on.",
            List.of(
                daily,
                Forms.labelled("How many of the daily ones are kept", keep),
                Forms.sentence("settings-keep-word", "problem", settings.problemOfKeep()),
                new VBox(4, named, new HBox(12, folder, choose)),
                Forms.sentence("settings-folder-word", "problem", settings.problemOfFolder()),
                Forms.sentence("settings-folder-doubt", "doubt", settings.doubtOfFolder()),
                Forms.hint(
                    "Best on another disk. Backups made so far stay where they are. Left empty, they go into the data"
                        + " folder."),
                Forms.sentence("settings-problem", "problem", settings.failure())),
            List.of(cancel(), save)));
  }

  private Button cancel() {
    Button cancel = Forms.button("form-cancel", "Cance_l", overlay::close);
    cancel.setCancelButton(true);
    return cancel;
  }
}
