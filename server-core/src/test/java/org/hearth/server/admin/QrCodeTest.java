package org.hearth.server.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.zxing.BinaryBitmap;
import com.google.zxing.RGBLuminanceSource;
import com.google.zxing.common.HybridBinarizer;
import com.google.zxing.qrcode.QRCodeReader;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class QrCodeTest {
  private static final String LINK =
      "https://mobile.element.io/element/?account_provider=http://192.168.1.20:8008&login_hint=mxid:@zoë:home.example";
  private static final int SCALE = 4;

  @Test
  void whatATerminalShowsIsReadAgain() throws Exception {
    List<String> lines = QrCode.of(LINK).lines();
    int width = lines.getFirst().length();
    int[] pixels = new int[width * SCALE * lines.size() * 2 * SCALE];
    for (int i = 0; i < pixels.length; i++) {
      int column = i % (width * SCALE) / SCALE;
      int row = i / (width * SCALE) / SCALE;
      char shown = lines.get(row / 2).charAt(column);
      boolean light = shown == '█' || shown == (row % 2 == 0 ? '▀' : '▄');
      pixels[i] = light ? 0xffffff : 0;
    }

    assertThat(
            new QRCodeReader()
                .decode(
                    new BinaryBitmap(
                        new HybridBinarizer(
                            new RGBLuminanceSource(
                                width * SCALE, lines.size() * 2 * SCALE, pixels))))
                .getText())
        .isEqualTo(LINK);
  }

  @Test
  void aMarginOfFourModulesIsAround() {
    QrCode code = QrCode.of(LINK);
    boolean[] dark = new boolean[code.size()];
    for (int row = 0; row < code.size(); row++) {
      for (int column = 0; column < code.size(); column++) {
        dark[row] |= code.isDark(column, row);
      }
    }

    assertThat(Arrays.copyOf(dark, 4)).containsOnly(false);
    assertThat(dark[4]).isTrue();
    assertThat(dark[code.size() - 5]).isTrue();
    assertThat(Arrays.copyOfRange(dark, code.size() - 4, code.size())).containsOnly(false);
  }

  @Test
  void aTextThatIsTooLongIsRefused() {
    assertThatThrownBy(() -> QrCode.of("x".repeat(5000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("so long");
  }
}
