package org.hearth.app.logs;

import java.time.Year;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.CheckBox;
import javafx.scene.control.TableColumn;
import javafx.scene.control.TableRow;
import javafx.scene.control.TableView;
import javafx.scene.control.TextField;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Forms;
import org.hearth.app.shell.Tables;
import org.hearth.app.state.ServerSession;
import org.hearth.server.admin.ActivityEntry;

/// What happened: accounts, sign-ins, what failed, what the owner did, with who and when; newest at
/// the top.
final class HappeningsView implements ActivityPage.View {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("d MMM uuuu, HH:mm:ss").withZone(ZoneId.systemDefault());
  private static final DateTimeFormatter TIME_OF_THIS_YEAR =
      DateTimeFormatter.ofPattern("d MMM, HH:mm:ss").withZone(ZoneId.systemDefault());

  private final HappeningsViewModel model;
  private final VBox node;
  private final TextField words = new TextField();

  HappeningsView(ServerSession session) {
    this.model = new HappeningsViewModel(session);
    words.setId("happenings-words");
    words.textProperty().bindBidirectional(model.words());
    CheckBox trouble = new CheckBox("_Only what went wrong");
    trouble.setId("happenings-trouble");
    trouble.setMnemonicParsing(true);
    trouble.setMinWidth(CheckBox.USE_PREF_SIZE);
    trouble.selectedProperty().bindBidirectional(model.troubleOnly());
    HBox tools = Forms.tools("Search by person, address or what happened", words, trouble);
    TableView<ActivityEntry> table = table();
    VBox.setVgrow(table, Priority.ALWAYS);
    node = new VBox(16, tools, table);
  }

  private TableView<ActivityEntry> table() {
    TableView<ActivityEntry> table = new TableView<>();
    table.setId("happenings");
    table.setAccessibleText("What happened");
    table.getStyleClass().addAll("happenings", "dense");
    TableColumn<ActivityEntry, ActivityEntry> when =
        Tables.column(
            "When", 0.29, HappeningsView::when, Comparator.comparing(ActivityEntry::time));
    TableColumn<ActivityEntry, ActivityEntry> by = Tables.text("By", 0.29, ActivityEntry::by);
    table.getColumns().add(when);
    table.getColumns().add(Tables.text("What happened", 0.42, HappeningsView::text));
    table.getColumns().add(by);
    Tables.fit(table, when, HappeningsView::when);
    Tables.fit(table, by, ActivityEntry::by);
    Tables.fill(table, model.entries(), model.whenEmpty());
    Tables.copies(table, "Copy the line", HappeningsView::line);
    table.setRowFactory(_ -> new EntryRow());
    return table;
  }

  /// The year only where it is another one.
  private static String when(ActivityEntry entry) {
    int year = entry.time().atZone(ZoneId.systemDefault()).getYear();
    return (Year.now(ZoneId.systemDefault()).getValue() == year ? TIME_OF_THIS_YEAR : TIME)
        .format(entry.time());
  }

  /// Trouble by a sign as well: no one needs to see colours.
  private static String text(ActivityEntry entry) {
    return entry.trouble() ? "▲ " + entry.text() : entry.text();
  }

  private static String line(ActivityEntry entry) {
    return "%s  %s  (%s)".formatted(TIME.format(entry.time()), entry.text(), entry.by());
  }

  private static final class EntryRow extends TableRow<ActivityEntry> {
    @Override
    protected void updateItem(ActivityEntry entry, boolean empty) {
      super.updateItem(entry, empty);
      getStyleClass().remove("log-warning");
      if (!empty && entry != null && entry.trouble()) {
        getStyleClass().add("log-warning");
      }
    }
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
    return words;
  }
}
