package org.hearth.app;

import static org.assertj.core.api.Assertions.assertThat;

import atlantafx.base.theme.PrimerDark;
import atlantafx.base.theme.PrimerLight;
import javafx.application.Application;
import javafx.application.ColorScheme;
import javafx.beans.property.ObjectProperty;
import javafx.beans.property.SimpleObjectProperty;
import javafx.scene.control.TableView;
import javafx.scene.control.TextInputControl;
import javafx.scene.layout.Region;
import javafx.scene.paint.Color;
import javafx.stage.Stage;
import org.hearth.app.shell.Colours;
import org.hearth.server.admin.Person;
import org.junit.jupiter.api.Test;
import org.testfx.framework.junit5.Start;

/// The system goes from light to dark while the panel is open.
class ColoursTest extends WithPanel {
  private final ObjectProperty<ColorScheme> system = new SimpleObjectProperty<>(ColorScheme.LIGHT);

  @Start
  void open(Stage stage) {
    panel = Panel.onServer(stage, folder.resolve("data"));
    Colours.follow(system);
  }

  @Test
  void coloursChangeAtOnceAndNothingElseDoes() {
    panel.admin().createPerson("alice", "a good password", false);
    panel.admin().createPerson("alina", "a good password", false);
    panel.admin().createPerson("bob", "a good password", false);
    panel.go("people");
    panel.type("people-search", "ali");
    panel.await("two", () -> panel.rows("people-table") == 2);
    panel.robot().clickOn("@alina:home.example");
    panel.click("reset-password");
    panel.type("reset-to", "half a passw");
    assertThat(brightness()).isGreaterThan(0.8);

    panel.robot().interact(() -> system.set(ColorScheme.DARK));

    assertThat(Application.getUserAgentStylesheet())
        .isEqualTo(new PrimerDark().getUserAgentStylesheet());
    panel.await("dark", () -> brightness() < 0.2);
    panel.screenshot("people-form");
    assertThat(field("reset-to").getText()).isEqualTo("half a passw");
    assertThat(panel.view().overlay().isOpen()).isTrue();
    assertThat(field("people-search").getText()).isEqualTo("ali");
    TableView<Person> table = panel.robot().lookup("#people-table").queryTableView();
    assertThat(table.getSelectionModel().getSelectedItem().userId())
        .isEqualTo("@alina:home.example");

    panel.robot().interact(() -> system.set(ColorScheme.LIGHT));
    assertThat(Application.getUserAgentStylesheet())
        .isEqualTo(new PrimerLight().getUserAgentStylesheet());
    panel.await("light", () -> brightness() > 0.8);
  }

  private TextInputControl field(String id) {
    return panel.robot().lookup("#" + id).queryTextInputControl();
  }

  /// Of the status line's background, 0 for black.
  private double brightness() {
    Region line = panel.robot().lookup("#status-line").queryAs(Region.class);
    return ((Color) line.getBackground().getFills().getLast().getFill()).getBrightness();
  }
}
