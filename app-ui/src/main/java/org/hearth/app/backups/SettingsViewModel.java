package org.hearth.app.backups;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.beans.binding.StringBinding;
import javafx.beans.property.BooleanProperty;
import javafx.beans.property.ReadOnlyStringProperty;
import javafx.beans.property.ReadOnlyStringWrapper;
import javafx.beans.property.SimpleBooleanProperty;
import javafx.beans.property.SimpleStringProperty;
import javafx.beans.property.StringProperty;
import org.hearth.app.state.FxState;
import org.hearth.server.configuration.BackupSettings;
import org.hearth.server.configuration.Configuration;
import org.hearth.server.configuration.DataFolder;

/// Which backups are made by themselves, while somebody changes that.
///
/// **thread**: the JavaFX thread.
final class SettingsViewModel {
  private final DataFolder data;
  private final Runnable saved;
  private final BooleanProperty daily = new SimpleBooleanProperty();
  private final StringProperty keep = new SimpleStringProperty();
  private final StringProperty folder = new SimpleStringProperty();
  private final ReadOnlyStringWrapper failure = new ReadOnlyStringWrapper("");

  /// @param data the data folder
  /// @param now what holds until it is changed
  /// @param saved called when it is
  SettingsViewModel(DataFolder data, Configuration.Backups now, Runnable saved) {
    this.data = data;
    this.saved = saved;
    daily.set(now.daily());
    keep.set(String.valueOf(now.keep()));
    folder.set(now.folder().map(Path::toString).orElse(""));
  }

  BooleanProperty daily() {
    return daily;
  }

  /// How many of the daily ones are kept, as it is typed.
  StringProperty keep() {
    return keep;
  }

  /// Where backups go, as it is typed; blank for the folder in the data folder.
  StringProperty folder() {
    return folder;
  }

  /// Where they go if nothing is typed.
  Path usual() {
    return data.backups().toAbsolutePath().normalize();
  }

  /// Why the number is of no use; empty if it is.
  StringBinding problemOfKeep() {
    return Bindings.createStringBinding(
        () ->
            number().isPresent()
                ? ""
                : "A whole number from 1 to %,d.".formatted(BackupSettings.MOST_KEPT),
        keep);
  }

  /// Why no backups can go into the folder; empty if they can.
  StringBinding problemOfFolder() {
    return Bindings.createStringBinding(this::folderProblem, folder);
  }

  /// What is worth a second thought about a folder that can be used; empty for nothing.
  StringBinding doubtOfFolder() {
    return Bindings.createStringBinding(
        () ->
            folderProblem().isEmpty()
                    && BackupSettings.isOnDiskOfData(typed().orElse(usual()), data)
                ? "This folder is on the same disk as the data: if the disk fails, both are gone."
                : "",
        folder);
  }

  /// Whether it can be saved.
  BooleanBinding good() {
    return problemOfKeep().isEmpty().and(problemOfFolder().isEmpty());
  }

  /// Why it could not be saved; empty for nothing.
  ReadOnlyStringProperty failure() {
    return failure.getReadOnlyProperty();
  }

  private String folderProblem() {
    try {
      return typed().flatMap(each -> BackupSettings.problemOfFolder(each, data)).orElse("");
    } catch (InvalidPathException _) {
      return "That is no path of a folder.";
    }
  }

  private Optional<Path> typed() {
    return Optional.of(folder.get().strip()).filter(each -> !each.isEmpty()).map(Path::of);
  }

  private OptionalInt number() {
    String typed = keep.get().strip();
    if (!typed.matches("[0-9]{1,4}")) {
      return OptionalInt.empty();
    }
    int number = Integer.parseInt(typed);
    return number >= 1 && number <= BackupSettings.MOST_KEPT
        ? OptionalInt.of(number)
        : OptionalInt.empty();
  }

  /// Writes it into the configuration.
  void save() {
    Configuration.Backups wanted =
        new Configuration.Backups(
            daily.get(),
            number().orElseThrow(),
            typed().map(Path::normalize).filter(each -> !each.equals(usual())));
    failure.set("");
    FxState.ask(
        "backup-settings",
        () -> {
          BackupSettings.change(data, wanted);
          return true;
        },
        _ -> saved.run(),
        failure::set);
  }
}
