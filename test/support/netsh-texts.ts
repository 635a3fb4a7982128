/** What netsh prints on Windows, in several languages. */

/** As netsh prints: an empty line, the lines, each ended as on Windows. */
function crlf(...lines: readonly string[]): string {
  return ['', ...lines, ''].join('\r\n');
}

/** `netsh int ipv4 show dynamicport tcp`: 49152-65535 */
export const windowsRangeTexts: Readonly<Record<string, string>> = {
  English: crlf(
    'Protocol tcp Dynamic Port Range',
    '---------------------------------',
    'Start Port      : 49152',
    'Number of Ports : 16384',
    '',
  ),
  German: crlf(
    'Protokoll tcp Dynamischer Portbereich',
    '---------------------------------',
    'Startport      : 49152',
    'Anzahl von Ports : 16384',
    '',
  ),
  French: crlf(
    'Plage de ports dynamique du protocole tcp',
    '---------------------------------',
    'Port de démarrage   : 49152',
    'Nombre de ports     : 16384',
    '',
  ),
  Japanese: crlf(
    'プロトコル tcp の動的ポートの範囲',
    '---------------------------------',
    '開始ポート      : 49152',
    'ポート数        : 16384',
    '',
  ),
  Chinese: crlf(
    '协议 tcp 动态端口范围',
    '---------------------------------',
    '启动端口        : 49152',
    '端口数          : 16384',
    '',
  ),
  'full-width colons': '协议 tcp 动态端口范围\n启动端口：49152\n端口数：16384\n',
  'a wrongly decoded code page': crlf(
    'Plage de ports\uFFFD tcp',
    'Port de d\uFFFDmarrage : 49152',
    'Nombre de ports : 16384',
  ),
  'line feeds only and no space': 'Start Port:49152\nNumber of Ports:16384',
};

/** `netsh int ipv4 show excludedportrange protocol=tcp`: 5357 and 50000-50059 */
export const windowsExcludedTexts: Readonly<Record<string, string>> = {
  English: crlf(
    'Protocol tcp Port Exclusion Ranges',
    '',
    'Start Port    End Port      ',
    '----------    --------      ',
    '      5357        5357      ',
    '     50000       50059     *',
    '',
    '* - Administered port exclusions.',
    '',
  ),
  German: crlf(
    'Portausschlussbereiche für das Protokoll "tcp"',
    '',
    'Startport      Endport',
    '----------    --------',
    '      5357        5357',
    '     50000       50059     *',
    '',
    '* - Verwaltete Portausschlüsse.',
  ),
  French: crlf(
    "Protocole tcp Plages d'exclusion de ports",
    'Port de début    Port de fin',
    '-------------    -----------',
    '      5357          5357',
    '     50000         50059     *',
  ),
  Chinese: crlf(
    '协议 tcp 端口排除范围',
    '',
    '开始端口    结束端口',
    '----------    --------',
    '5357 5357',
    '50000 50059 *',
    '',
    '* - 管理的端口排除。',
  ),
};
