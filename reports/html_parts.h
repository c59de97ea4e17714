/* Style and scripts of HTML reports: the files of reports/html, made into arrays by the build. */
#ifndef REPORTS_HTML_PARTS_H
#define REPORTS_HTML_PARTS_H

extern const char html_style[], html_run_script[], html_site_script[], html_about[];

/* "sha256-...", as a Content Security Policy names them. */
extern const char html_style_hash[], html_run_script_hash[];

#endif
