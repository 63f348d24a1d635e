package org.hearth.app.backups;

import atlantafx.base.theme.Styles;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javafx.beans.binding.Bindings;
import javafx.beans.binding.BooleanBinding;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Button;
import javafx.scene.control.Label;
import javafx.scene.control.ProgressBar;
import javafx.scene.control.ScrollPane;
import javafx.scene.control.TableView;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.StackPane;
import javafx.scene.layout.VBox;
import org.hearth.app.backups.BackupsViewModel.Row;
import org.hearth.app.backups.BackupsViewModel.Work;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Overlay;
import org.hearth.app.shell.Page;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;
import org.hearth.server.admin.Amounts;
import org.hearth.server.admin.SavedBackup;
import org.jspecify.annotations.Nullable;

/// Backups: when the next is made and where, which there are, and what can be done with one.
public final class BackupsPage implements Page {
  private static final String UNKNOWN = "–";

  /// Room for a sentence of one line.
  private static final double LINE = 24;

  private static final double BAR = 140;

  /// Room for its head and two rows.
  private static final double LEAST_TABLE = 126;

  private final BackupsViewModel model;
  private final ScrollPane node;
  private final TableView<Row> table;
  private final Button make;

  /// @param session the server looked after
  /// @param desktop opens and chooses folders
  /// @param overlay where forms are shown
  public BackupsPage(ServerSession session, Desktop desktop, Overlay overlay) {
    this.model = new BackupsViewModel(session);
    BackupForms forms = new BackupForms(model, overlay, desktop);
    Label title = new Label("Backups");
    title.getStyleClass().add("page-title");
    title.setMaxWidth(Double.MAX_VALUE);
    HBox.setHgrow(title, Priority.ALWAYS);

    table = table();
    model.keep(Tables.selection(table, Row::id));
    BooleanBinding busy =
        Bindings.createBooleanBinding(() -> model.work().get().isPresent(), model.work());
    BooleanBinding changing =
        Bindings.createBooleanBinding(
            () ->
                session.state().get() instanceof ServerState.Starting
                    || session.state().get() instanceof ServerState.Stopping,
            session.state());
    make = Forms.button("backup-now", "_Back up now", model::backUp);
    make.getStyleClass().add(Styles.ACCENT);
    make.disableProperty().bind(busy.or(changing));
    Button settings = Forms.button("backup-settings", "Se_ttings", forms::showSettings);
    settings.disableProperty().bind(changing);
    HBox head = new HBox(12, title, settings, make);
    head.setAlignment(Pos.BASELINE_LEFT);

    Button check =
        Forms.button(
            "backup-check", "_Check", () -> withSelected(row -> model.check(row.backup())));
    check.disableProperty().bind(busy.or(noneSelected(Row::isComplete)));
    Button restore =
        Forms.button(
            "backup-restore",
            "Rest_ore…",
            () -> withSelected(row -> forms.showRestore(row.backup())));
    restore.disableProperty().bind(busy.or(changing).or(noneSelected(Row::isOfUse)));

    VBox.setVgrow(table, Priority.ALWAYS);
    // Below the table, and its room is kept: no row moves away from under a click.
    StackPane outcome =
        new StackPane(
            Forms.sentence("backup-outcome", "success", model.outcome()),
            Forms.sentence("backup-problem", "problem", model.problem()));
    outcome.setAlignment(Pos.CENTER_LEFT);
    outcome.setMinHeight(LINE);
    table.setMinHeight(LEAST_TABLE);
    VBox content = new VBox(16, head, where(desktop), tools(check, restore), table, outcome);
    content.getStyleClass().add("page");
    node = new ScrollPane(content);
    node.setId("backups-page");
    node.setFitToWidth(true);
    node.setFitToHeight(true);
  }

  private VBox where(Desktop desktop) {
    Label place = new Label();
    place.setId("backup-place");
    place.getStyleClass().add("path");
    place.textProperty().bind(model.place());
    place.setWrapText(true);
    place.setMinHeight(Region.USE_PREF_SIZE);
    HBox.setHgrow(place, Priority.ALWAYS);
    place.setMaxWidth(Double.MAX_VALUE);
    Button open =
        Forms.button(
            "backup-open",
            "Open _folder",
            () -> desktop.open(Path.of(model.place().get()).toUri().toString()));
    HBox line = new HBox(12, place, open);
    line.setAlignment(Pos.CENTER_LEFT);
    VBox card =
        new VBox(
            6,
            Forms.sentence("backup-plan", Styles.TEXT_BOLD, model.plan()),
            Forms.sentence("backup-last", "hint", model.last()),
            line,
            Forms.sentence("backup-doubt", "doubt", model.doubt()),
            Forms.sentence("backup-trouble", "problem", model.trouble()),
            kept(desktop));
    card.getStyleClass().add("card");
    return card;
  }

  private HBox kept(Desktop desktop) {
    Label sentence = Forms.sentence("backup-kept", "hint", model.kept());
    HBox.setHgrow(sentence, Priority.ALWAYS);
    sentence.setMaxWidth(Double.MAX_VALUE);
    Button open =
        Forms.button(
            "backup-kept-open",
            "Open _it",
            () -> model.setAside().ifPresent(folder -> desktop.open(folder.toUri().toString())));
    HBox line = new HBox(12, sentence, open);
    line.setAlignment(Pos.CENTER_LEFT);
    line.visibleProperty().bind(sentence.visibleProperty());
    line.managedProperty().bind(sentence.visibleProperty());
    return line;
  }

  /// What can be done with a backup; what is being done, in its place for as long as it is.
  private HBox tools(Button check, Button restore) {
    Label doing = new Label();
    doing.setId("backup-work");
    doing.textProperty().bind(model.work().map(work -> work.map(Work::sentence).orElse("")));
    ProgressBar bar = new ProgressBar();
    bar.setPrefWidth(BAR);
    bar.setMinWidth(BAR);
    bar.progressProperty().bind(model.work().map(work -> work.map(Work::fraction).orElse(0.0)));
    bar.setAccessibleText("How far it is");
    Button cancel = Forms.button("backup-cancel", "Cance_l", model::cancel);
    cancel.disableProperty().bind(model.work().map(work -> work.filter(Work::ends).isEmpty()));
    HBox.setHgrow(doing, Priority.ALWAYS);
    doing.setMaxWidth(Double.MAX_VALUE);
    HBox progress = new HBox(12, doing, bar, cancel);
    progress.setAlignment(Pos.CENTER_LEFT);
    progress.visibleProperty().bind(model.work().map(Optional::isPresent));
    HBox.setHgrow(progress, Priority.ALWAYS);
    HBox line = new HBox(12, progress, check, restore);
    line.setAlignment(Pos.CENTER_LEFT);
    line.minHeightProperty().bind(cancel.heightProperty());
    for (Button each : List.of(check, restore)) {
      each.visibleProperty().bind(progress.visibleProperty().not());
      each.managedProperty().bind(each.visibleProperty());
    }
    return line;
  }

  private BooleanBinding noneSelected(Predicate<Row> useful) {
    return Bindings.createBooleanBinding(
        () -> {
          Row row = table.getSelectionModel().getSelectedItem();
          return row == null || !useful.test(row);
        },
        table.getSelectionModel().selectedItemProperty());
  }

  private void withSelected(Consumer<Row> action) {
    @Nullable Row row = table.getSelectionModel().getSelectedItem();
    if (row != null) {
      action.accept(row);
    }
  }

  private TableView<Row> table() {
    TableView<Row> list = new TableView<>();
    list.setId("backup-table");
    list.setAccessibleText("Backups");
    list.getColumns()
        .add(
            Tables.withRoomFor(
                "30 Nov 2026, 20:13",
                Tables.column(
                    "Made",
                    0.26,
                    row -> Moments.said(row.backup().begun(), Instant.now()),
                    Comparator.comparing(row -> row.backup().begun()))));
    list.getColumns().add(Tables.text("Kind", 0.2, row -> row.backup().kind().words()));
    list.getColumns()
        .add(
            Tables.number(
                "Size", 0.12, row -> row.backup().lengthBytes(), row -> size(row.backup())));
    list.getColumns().add(Tables.text("State", 0.17, row -> row.backup().content().words()));
    list.getColumns().add(Tables.text("Checked", 0.25, BackupsPage::checked));
    Tables.fill(list, model.rows(), model.message());
    Tables.copies(list, "Copy the folder", Row::id);
    return list;
  }

  private static String size(SavedBackup backup) {
    return backup.lengthBytes() == 0 ? UNKNOWN : Amounts.bytes(backup.lengthBytes());
  }

  private static String checked(Row row) {
    return row.check()
        .map(check ->
            (check.whole() ? "whole, " : "▲ damaged, ") + Moments.brief(check.at(), Instant.now()))
        .orElse("not yet");
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    model.start();
  }

  @Override
  public void hidden() {
    model.stop();
  }

  @Override
  public Node firstFocus() {
    return make.isDisabled() ? table : make;
  }
}
