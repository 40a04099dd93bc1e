/** Puts on the style, which the build hands over as text. */

declare const STYLE: string;

const sheet = new CSSStyleSheet();
sheet.replaceSync(STYLE);
document.adoptedStyleSheets = [sheet];
