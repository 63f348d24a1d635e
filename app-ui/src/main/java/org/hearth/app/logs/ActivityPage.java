package org.hearth.app.logs;

import java.util.List;
import javafx.geometry.Pos;
import javafx.scene.Node;
import javafx.scene.Parent;
import javafx.scene.control.Label;
import javafx.scene.control.ToggleButton;
import javafx.scene.control.ToggleGroup;
import javafx.scene.layout.HBox;
import javafx.scene.layout.Priority;
import javafx.scene.layout.Region;
import javafx.scene.layout.VBox;
import org.hearth.app.shell.Desktop;
import org.hearth.app.shell.Page;
import org.hearth.app.state.ServerSession;

/// Activity: what happened on the server, in words for people; the technical log is its second
/// view.
public final class ActivityPage implements Page {
  private final VBox node;
  private final HBox head;
  private View current;

  /// One of the two views.
  interface View extends Page {}

  /// @param session the server looked after
  /// @param desktop the desktop around the panel
  public ActivityPage(ServerSession session, Desktop desktop) {
    Label title = new Label("Activity");
    title.getStyleClass().add("page-title");
    Region space = new Region();
    HBox.setHgrow(space, Priority.ALWAYS);
    head = new HBox(title, space);
    head.setAlignment(Pos.CENTER_LEFT);
    node = new VBox(16);
    node.setId("activity-page");
    node.getStyleClass().add("page");
    current = new HappeningsView(session);
    ToggleGroup views = new ToggleGroup();
    addChoice(views, "activity-happenings", "What _happened", "left-pill", current);
    addChoice(views, "activity-log", "_Technical log", "right-pill", new LogView(session, desktop));
    views.selectToggle(views.getToggles().getFirst());
    arrange();
  }

  private void addChoice(ToggleGroup views, String id, String text, String style, View view) {
    ToggleButton choice = new ToggleButton(text);
    choice.setId(id);
    choice.setMnemonicParsing(true);
    choice.getStyleClass().add(style);
    choice.setMinWidth(Region.USE_PREF_SIZE);
    choice.setToggleGroup(views);
    choice.setOnAction(_ -> {
      choice.setSelected(true); // One of them always is.
      show(view);
    });
    head.getChildren().add(choice);
  }

  private void show(View view) {
    if (!view.equals(current)) {
      current.hidden();
      current = view;
      arrange();
      current.shown();
    }
  }

  private void arrange() {
    VBox.setVgrow(current.node(), Priority.ALWAYS);
    node.getChildren().setAll(List.of(head, current.node()));
  }

  @Override
  public Parent node() {
    return node;
  }

  @Override
  public void shown() {
    current.shown();
  }

  @Override
  public void hidden() {
    current.hidden();
  }

  @Override
  public Node firstFocus() {
    return current.firstFocus();
  }
}
