package org.hearth.app.shell;

import atlantafx.base.theme.Styles;
import java.util.List;
import javafx.scene.control.Button;
import javafx.scene.control.CheckBox;
import org.hearth.app.state.PanelSettings;
import org.hearth.app.state.PanelSettings.OnClose;
import org.hearth.app.state.ServerSession;
import org.hearth.server.ServerState;

/// What closing the window does: asks the first time, then does what was chosen. A server that does
/// not run is never left behind unseen, and a set-up that is not through leaves nothing.
///
/// **thread**: the JavaFX thread.
public final class Closing {
  private final ServerSession session;
  private final MainView view;
  private final Runnable hide;
  private final Runnable quit;

  /// @param session the server looked after
  /// @param view the window's content, which asks the question
  /// @param hide hides the window; the server goes on
  /// @param quit ends the program
  public Closing(ServerSession session, MainView view, Runnable hide, Runnable quit) {
    this.session = session;
    this.view = view;
    this.hide = hide;
    this.quit = quit;
  }

  /// The user wants the window gone.
  public void requested() {
    if (!(session.state().get() instanceof ServerState.Running)) {
      view.leave(quit);
      return;
    }
    switch (new PanelSettings(session.folder().get()).onClose()) {
      case SERVE -> hide.run();
      case QUIT -> quit.run();
      case ASK -> ask();
    }
  }

  private void ask() {
    CheckBox remember = new CheckBox("_Do this every time");
    remember.setId("close-remember");
    Button cancel = Forms.button("close-cancel", "Cance_l", view.overlay()::close);
    cancel.setCancelButton(true);
    Button stop =
        Forms.button("close-quit", "_Quit", () -> decide(OnClose.QUIT, remember.isSelected()));
    Button serve =
        Forms.button(
            "close-serve", "_Keep serving", () -> decide(OnClose.SERVE, remember.isSelected()));
    serve.setDefaultButton(true);
    serve.getStyleClass().add(Styles.ACCENT);
    view.overlay()
        .show(
            Forms.card(
                "Keep the server running?",
                "With “Keep serving” only the window closes: people can go on talking, and opening Hearth again brings"
                    + " the window back. With “Quit” the server stops, and nobody can reach it until you start it again.",
                List.of(remember),
                List.of(cancel, stop, serve)));
    serve.requestFocus();
  }

  private void decide(OnClose choice, boolean remember) {
    view.overlay().close();
    if (remember) {
      new PanelSettings(session.folder().get()).onClose(choice);
    }
    (choice == OnClose.SERVE ? hide : quit).run();
  }
}
